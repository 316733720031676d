"""A moment after which nobody waits any more: total, however many operations it spans."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Self

from ocibroker.errors import DeadlineExceeded, UsageError

_LONGEST: Final = 1e9


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on a monotonic clock, in seconds, and the clock itself."""

    at: float
    monotonic: Callable[[], float] = field(default=time.monotonic, repr=False, compare=False)

    @classmethod
    def after(cls, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> Self:
        """Return the deadline ``seconds`` from now."""
        return cls(monotonic() + seconds, monotonic)

    @property
    def passed(self) -> bool:
        """Whether no time is left; of a deadline that is not a number, none is."""
        return not self.at > self.monotonic()

    def left(self) -> float:
        """Return the seconds that are left, always more than zero.

        Raises :class:`~ocibroker.errors.DeadlineExceeded` when none are.
        """
        seconds = self.at - self.monotonic()
        if not seconds > 0:
            raise DeadlineExceeded("the deadline has passed", hint="allow more time, or look at what is slow")
        return seconds

    def no_later_than(self, seconds: float | None) -> Deadline:
        """Return this deadline, or the one ``seconds`` from now if that is earlier."""
        return self if seconds is None else Deadline(min(self.at, self.monotonic() + seconds), self.monotonic)


def number(name: str, seconds: object) -> float:
    """Return ``seconds``, which are at most some decades; raises :class:`~ocibroker.errors.UsageError`."""
    if isinstance(seconds, int | float) and seconds >= 0:  # not a number is neither
        return min(float(seconds), _LONGEST)
    raise UsageError("is no number of seconds from 0 on", culprit=name)
