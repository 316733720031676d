"""Who answers for a target, and the asking of him."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from ocibroker.config import Config
from ocibroker.fetching import Fetching
from ocibroker.means import Means
from ocibroker.request import Caller
from ocibroker.selection import Selection, select
from ocibroker.target import Target

_MOST: Final = 4096
"""Targets that are remembered."""


class Choosing:
    """Chooses by ``config``. Errors are :class:`~ocibroker.errors.OcibrokerError`."""

    def __init__(self, config: Config, means: Means) -> None:
        self.means: Final = means
        self._select: Callable[[Target, str], Selection]
        self._select = lru_cache(_MOST)(lambda target, who: select(target, config.rules, config.providers, who))

    def selection(self, target: Target, caller: Caller | None) -> Selection:
        """Return who answers for ``target``."""
        return self._select(target, caller.account if caller else "")

    def fetching(self, selection: Selection, target: Target, caller: Caller | None) -> Fetching | None:
        """Return how ``selection`` is asked; none where nobody answers."""
        provider, options = selection.provider, selection.options
        if provider is None or options is None:
            return None
        return Fetching(provider=provider, target=target, options=options, caller=caller, means=self.means)

    def offering(self, part: str, target: Target, caller: Caller | None) -> Fetching | None:
        """Return who is asked for what providers need not have, by its name; none where nobody has it.

        Nobody is asked whom no rule has chosen.
        """
        selection = self.selection(target, caller)
        if selection.rule is None or not hasattr(selection.provider, part):
            return None
        return self.fetching(selection, target, caller)
