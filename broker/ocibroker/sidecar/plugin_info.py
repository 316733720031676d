"""Which plugins may answer, and which distributions they come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ocibroker.providers import BUILT_IN, installed
from ocibroker.sidecar.generation import Generation
from ocibroker.sidecar.metrics import Row
from ocibroker.version import __version__

LABELS: Final = ("plugin", "distribution", "version")


class PluginInfo:
    """Looks once for each generation: another version of a plugin needs another start."""

    def __init__(self) -> None:
        self._number = 0
        self._rows: tuple[Row, ...] = ()

    def of(self, generation: Generation) -> Iterator[Row]:
        """Yield the built-in plugins, and those of others that ``generation`` has loaded."""
        if generation.number != self._number:
            self._number, self._rows = generation.number, tuple(_rows(generation))
        yield from self._rows


def _rows(generation: Generation) -> Iterator[Row]:
    providers = generation.config.providers
    for name in BUILT_IN:
        yield (name, "ocibroker", __version__), 1.0
    for one in installed():
        if providers.have(one.name, one.module):
            yield (one.name, one.distribution, one.version), 1.0
