"""How things stand with one credential: what keeps it fresh, and what people are shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ocibroker.cache import Entry, Moment, Trouble
from ocibroker.credential import Anonymous
from ocibroker.errors import OcibrokerError


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """``usable`` is whether there is an answer to give out, ``anonymous`` whether it is one without a credential.

    Of the latter ``nobody`` tells those that nobody meant: no rule and no provider but the logins of other tools
    knows the target, and they have none for it.
    In seconds: ``renew_in`` until it is renewed in advance, none for what never is; ``paused`` for which nobody is
    asked after the last of ``failures`` in a row, which was ``error``.
    """

    usable: bool = False
    anonymous: bool = False
    nobody: bool = False
    fetched_at: datetime | None = None
    expires_at: datetime | None = None
    renew_in: float | None = None
    paused: float = 0.0
    failures: int = 0
    error: OcibrokerError | None = None


def outlook(entry: Entry | None, trouble: Trouble | None, now: Moment, *, last: bool = False) -> Outlook:
    """Return how things stand at ``now``; ``last`` is whether who answers was chosen for want of anybody else."""
    paused = trouble.left(now).total_seconds() if trouble else 0.0
    failures, error = (trouble.failures, trouble.error) if trouble else (0, None)
    if entry is None or not entry.standing(now, timedelta()).valid:
        return Outlook(paused=paused, failures=failures, error=error)
    due = entry.due_in(now)
    anonymous = isinstance(entry.answer, Anonymous)
    return Outlook(
        usable=True,
        anonymous=anonymous,
        nobody=anonymous and last,
        fetched_at=entry.at.wall,
        expires_at=getattr(entry.answer, "expires_at", None),
        renew_in=due.total_seconds() if due is not None else None,
        paused=paused,
        failures=failures,
        error=error,
    )
