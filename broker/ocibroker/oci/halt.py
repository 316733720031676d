"""Telling work to stop."""

from __future__ import annotations

import threading
import time
from typing import Final, Self

from ocibroker.deadline import Deadline
from ocibroker.errors import OcibrokerError

_LOOK: Final = 0.2
"""Seconds between two looks at what is above."""


class Halt:
    """Tells work to stop, from any thread; ``above`` stops it as well, and so does a ``deadline``."""

    def __init__(self, above: Halt | None = None, deadline: Deadline | None = None) -> None:
        self._told = threading.Event()
        self._above = above
        self._deadline = deadline

    def below(self) -> Self:
        """Return one for a part of the work."""
        return type(self)(self)

    def now(self) -> None:
        """Stop all work at its next :meth:`check`."""
        self._told.set()

    def check(self) -> None:
        """Raise :class:`~ocibroker.errors.OcibrokerError` if work is to stop; past the deadline that is its own."""
        if self._deadline is not None:
            self._deadline.left()
        if self._told.is_set():
            raise OcibrokerError("was stopped before it was complete")
        if self._above is not None:
            self._above.check()

    def pause(self, seconds: float) -> None:
        """Wait so long, or until work is to stop; then :meth:`check`."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._told.wait(min(left, _LOOK))
            self.check()
