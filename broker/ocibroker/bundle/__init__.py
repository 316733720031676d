"""Bundles: what Fleet reads, from anywhere, each part of it with its own credential and trust."""
