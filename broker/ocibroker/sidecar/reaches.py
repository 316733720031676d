"""The reach of each listener, decided anew with each generation."""

from __future__ import annotations

from ocibroker.config import Allowance
from ocibroker.sidecar.generation import Generation
from ocibroker.sidecar.reach import Reach


class Reaches:
    """Remembers for each allowance the reach in the generation that serves: there are as many as listeners."""

    def __init__(self) -> None:
        self._known: dict[Allowance, tuple[int, Reach]] = {}

    def of(self, generation: Generation, allowance: Allowance) -> Reach:
        """Return how far callers with ``allowance`` reach in ``generation``."""
        known = self._known.get(allowance)
        if known is not None and known[0] == generation.number:
            return known[1]
        reach = Reach(generation.config, allowance)
        if known is None or known[0] < generation.number:
            self._known[allowance] = (generation.number, reach)
        return reach
