"""Which plugins may answer, and which distributions they come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ocibroker.providers import BUILT_IN, Installed, installed, recorded
from ocibroker.sidecar.generation import Generation
from ocibroker.sidecar.metrics import Row
from ocibroker.version import __version__

LABELS: Final = ("plugin", "distribution", "version")


class PluginInfo:
    """Looks once for each generation; of a plugin it keeps what it saw first: another one needs another start."""

    def __init__(self) -> None:
        self._number = 0
        self._seen: dict[tuple[str, str], Installed] = {}

    def of(self, generation: Generation) -> Iterator[Row]:
        """Yield the built-in plugins, and those of others that ``generation`` has loaded."""
        for name in BUILT_IN:
            yield (name, "ocibroker", __version__), 1.0
        for one in self.others(generation):
            if generation.config.providers.have(one.name, one.module):
                yield (one.name, one.distribution, one.version), 1.0

    def others(self, generation: Generation) -> tuple[Installed, ...]:
        """Return the plugins of other distributions, whether anything of them is loaded or not."""
        if generation.number != self._number:
            for one in installed():
                if (key := (one.name, one.module)) not in self._seen:
                    self._seen[key] = recorded(one)
            self._number = generation.number
        return tuple(self._seen.values())
