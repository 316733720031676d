"""Which request is being answered: what happens meanwhile belongs to it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Final, Literal

from ocibroker.audit import AuditOutcome
from ocibroker.events import Outcome
from ocibroker.sidecar.listener import ListenerName

ITSELF: Final = "lib"
"""The frontend of who is no caller: the process itself, for a token that it exchanges a credential for."""


class Conversation:
    """One request; ``frontend`` is its listener, a Unix socket as ``uds``.

    ``outcome`` is that of its last answer, or why there was none.
    """

    __slots__ = ("frontend", "outcome")

    def __init__(self, listener: str) -> None:
        self.frontend: Final = "uds" if listener == "socket" else listener
        self.outcome: Outcome | Literal["denied", "none"] = "none"


Begun = Token[Conversation | None]


class Conversations:
    """The one of the task or thread that looks."""

    def __init__(self) -> None:
        self._current: ContextVar[Conversation | None] = ContextVar("ocibroker.conversation", default=None)
        self.current: Final[Callable[[], Conversation | None]] = self._current.get
        """Returns the request that is being answered here; none where nobody has asked."""

    def begin(self, listener: ListenerName) -> Begun:
        """Have what happens here belong to a request at that listener, until its :meth:`end`."""
        return self._current.set(Conversation(listener))

    def note(self, outcome: AuditOutcome) -> None:
        """Take note of what a caller did not get: it may not have it, or something was wrong before that."""
        if (current := self.current()) is None:
            return
        if outcome == "denied":
            current.outcome = "denied"
        elif outcome == "failed" and current.outcome == "none":
            current.outcome = "error"

    def end(self, begun: Begun) -> None:
        """Have it belong to whatever it belonged to before."""
        self._current.reset(begun)
