"""Bundles: what Fleet reads, from anywhere, each part of it with its own credential and trust.

with ocibroker.Broker.from_config() as broker:
bundle = ocibroker.bundle.read(broker, "https://charts.example.com/app.tgz?checksum=sha256:…", "bundles")
"""

from ocibroker.bundle.bundle import Bundle, Chart
from ocibroker.bundle.grammar import parse
from ocibroker.bundle.limits import Limits
from ocibroker.bundle.link import Link
from ocibroker.bundle.read import Wanted, read, read_many
from ocibroker.bundle.source import ArchiveSource, ChartSource, GitSource, LocalSource, OCISource, Source
from ocibroker.bundle.terms import Terms

__all__ = [
    "ArchiveSource",
    "Bundle",
    "Chart",
    "ChartSource",
    "GitSource",
    "Limits",
    "Link",
    "LocalSource",
    "OCISource",
    "Source",
    "Terms",
    "Wanted",
    "parse",
    "read",
    "read_many",
]
