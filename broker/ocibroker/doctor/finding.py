"""What one step has found."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ocibroker.errors import OcibrokerError


class State(StrEnum):
    """From the best to the worst."""

    OK = "ok"
    SKIPPED = "skipped"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``id`` is stable; the other texts are for people, and none holds a secret.

    ``about`` is whom it is about: a target, a host, a tool. What is not in order has a ``cause`` and a ``cure``,
    and what has failed an ``error``, by which programs are told.
    """

    id: str
    state: State
    what: str
    about: str = ""
    cause: str = ""
    cure: str = ""
    error: OcibrokerError | None = field(default=None, repr=False, compare=False)

    def as_data(self) -> dict[str, str]:
        """Return the same for JSON."""
        shown = ("id", "about", "state", "what", "cause", "cure")
        return {name: str(getattr(self, name)) for name in shown}


def fine(step: str, what: str) -> Finding:
    """Return that a step found nothing wrong."""
    return Finding(id=step, state=State.OK, what=what)


def skipped(step: str, why: str, cure: str = "") -> Finding:
    """Return that there was nothing to look at, or that it could not be looked at."""
    return Finding(id=step, state=State.SKIPPED, what=why, cure=cure)


def warned(step: str, what: str, cause: str, cure: str) -> Finding:
    """Return that something works, and nobody should overlook how."""
    return Finding(id=step, state=State.WARNING, what=what, cause=cause, cure=cure)


def failed(step: str, what: str, error: OcibrokerError, *, cause: str = "", cure: str = "") -> Finding:
    """Return that a step failed by ``error``, whose own cause and cure stand where there is no better one."""
    why = f"{error.culprit}: {error.message}" if error.culprit else error.message
    return Finding(
        id=step,
        state=State.FAILED,
        what=what,
        cause=cause or why,
        cure=cure or error.hint or "show it to somebody who helps, with --bundle",
        error=error,
    )
