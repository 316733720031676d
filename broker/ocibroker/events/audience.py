"""Several who observe one broker, some of whom come later."""

from __future__ import annotations

from ocibroker.events.event import Event
from ocibroker.events.report import Observe


class Audience:
    """Tells each of them of every event; it is itself somebody who observes."""

    __slots__ = ("_observers",)

    def __init__(self, *observers: Observe) -> None:
        self._observers = observers

    def join(self, observer: Observe) -> None:
        """Have ``observer`` told of what happens from now on."""
        self._observers = (*self._observers, observer)

    def __call__(self, event: Event) -> None:
        """Tell of ``event``."""
        for observer in self._observers:
            observer(event)
