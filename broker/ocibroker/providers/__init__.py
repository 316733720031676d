"""Which providers may answer, and how they come to be loaded.

Its modules are imported when they are used: plugins of others are looked for only where one is named.
"""

from typing import TYPE_CHECKING

from ocibroker.lazily import resolve

if TYPE_CHECKING:
    from ocibroker.providers.built_in import BUILT_IN, UNASKED
    from ocibroker.providers.distributions import Installed, installed, recorded
    from ocibroker.providers.lack import lack_of, lack_of_plugin
    from ocibroker.providers.loader import Providers, load

__all__ = [
    "BUILT_IN",
    "UNASKED",
    "Installed",
    "Providers",
    "installed",
    "lack_of",
    "lack_of_plugin",
    "load",
    "recorded",
]

_HOME = {
    "BUILT_IN": "built_in",
    "Installed": "distributions",
    "Providers": "loader",
    "UNASKED": "built_in",
    "installed": "distributions",
    "lack_of": "lack",
    "lack_of_plugin": "lack",
    "load": "loader",
    "recorded": "distributions",
}

if not TYPE_CHECKING:  # visible to a checker, it would make every misspelling legal

    def __getattr__(name: str) -> object:
        return resolve(globals(), _HOME, name)
