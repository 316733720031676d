"""Which plugins may answer, and which distributions they come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ocibroker.providers import BUILT_IN
from ocibroker.sidecar.generation import Generation
from ocibroker.sidecar.metrics import Row
from ocibroker.version import __version__

LABELS: Final = ("plugin", "distribution", "version")


def plugin_info(generation: Generation) -> Iterator[Row]:
    """Yield the built-in plugins, and those of others that ``generation`` has loaded."""
    for name in BUILT_IN:
        yield (name, "ocibroker", __version__), 1.0
    for one in generation.installed:
        if generation.config.providers.have(one.name, one.module):
            yield (one.name, one.distribution, one.version), 1.0
