"""A SIGHUP that comes before the service is there: whoever sends one need not know how far the start has got."""

from __future__ import annotations

import signal
from types import FrameType


class HangUp:
    """Keeps in mind that SIGHUP came, from its construction on until an event loop handles that signal itself.

    To be made in the main thread.
    """

    def __init__(self) -> None:
        self.came = False
        signal.signal(signal.SIGHUP, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.came = True
