"""The reach of each listener, decided anew with each generation."""

from __future__ import annotations

from ocibroker.sidecar.generation import Generation
from ocibroker.sidecar.listener import Listener, ListenerName
from ocibroker.sidecar.reach import Reach


class Reaches:
    """Remembers for each listener its reach in the generation that serves."""

    def __init__(self) -> None:
        self._known: dict[ListenerName, Reach] = {}

    def of(self, generation: Generation, listener: Listener) -> Reach:
        """Return how far the callers of ``listener`` reach in ``generation``."""
        known = self._known.get(listener.name)
        if known is not None and known.config is generation.config:
            return known
        reach = self._known[listener.name] = Reach(generation.config, generation.allowance(listener.name))
        return reach
