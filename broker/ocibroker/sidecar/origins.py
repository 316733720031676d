"""Which distributions the plugins come from whose code runs here."""

from __future__ import annotations

import sys

from ocibroker.providers import Installed, installed, recorded


class Origins:
    """Python imports a module once: what is told of one that is imported is how it stood before that."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], Installed] = {}

    def look(self) -> tuple[Installed, ...]:
        """Return the plugins of other distributions; to be asked for before any of them is imported."""
        self._seen = {key: one for key, one in self._seen.items() if one.module in sys.modules}
        for one in _found():
            if (key := (one.name, one.module)) not in self._seen:
                self._seen[key] = recorded(one)
        return tuple(self._seen.values())


def _found() -> tuple[Installed, ...]:
    try:
        return installed()
    except Exception:  # noqa: BLE001  # metadata of anybody's, which harms who names a plugin, and nobody else
        return ()
