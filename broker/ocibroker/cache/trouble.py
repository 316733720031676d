"""A failure that is remembered, so that who has just said no is not asked again at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ocibroker.cache.moment import Moment
from ocibroker.errors import ConnectionFailed, OcibrokerError

Draw = Callable[[float, float], float]
"""Returns a random number between two."""


def drawn(low: float, high: float) -> float:
    """Return any number between them, each as likely as another."""
    import random  # here, since what is remembered needs no jitter

    return random.uniform(low, high)  # noqa: S311  # no secret


_PASSING: Final = (timedelta(seconds=1), timedelta(minutes=5))
"""The first pause and the longest, for what may pass by itself: a broken connection, a server in need."""

_LASTING: Final = (timedelta(seconds=5), timedelta(minutes=1))
"""The same for a refusal: a person has to mend something, and should not have to wait long afterwards."""

_LONGEST_TOLD: Final = timedelta(hours=1)
"""Nobody is obeyed who says to stay away for longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """The last of ``failures`` in a row, and the ``pause`` after it in which the provider is not asked."""

    error: OcibrokerError
    at: Moment
    failures: int
    pause: timedelta

    def over(self, now: Moment) -> bool:
        """Whether the provider may be asked again."""
        return now.since(self.at) >= self.pause

    def left(self, now: Moment) -> timedelta:
        """Return for how long it is not."""
        return max(self.pause - now.since(self.at), timedelta())


def trouble(
    error: OcibrokerError, now: Moment, before: Trouble | None, told: timedelta | None, draw: Draw
) -> Trouble:
    """Return what follows from ``error`` after ``before``: the more failures in a row, the longer the pause.

    ``told`` is how long the other side has asked to be left alone (``Retry-After``). Otherwise the pause is drawn
    from the upper half of what it may be, so that many who failed together do not come back together.
    """
    failures = before.failures + 1 if before else 1
    if told is not None:
        return Trouble(error=error, at=now, failures=failures, pause=min(told, _LONGEST_TOLD))
    first, longest = _PASSING if isinstance(error, ConnectionFailed) else _LASTING
    most = min(first * (1 << min(failures - 1, 16)), longest)
    return Trouble(error=error, at=now, failures=failures, pause=most * draw(0.5, 1.0))
