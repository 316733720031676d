"""Pulling, against ``helm pull``, ``skopeo copy`` and the Python client of ORAS."""
