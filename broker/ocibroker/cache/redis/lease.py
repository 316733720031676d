"""Who of a fleet asks for an entry, while the others wait for it."""

from __future__ import annotations

import random
import secrets
from typing import Final, Literal

from ocibroker.cache.redis.connection import Reply
from ocibroker.cache.redis.scripts import BEGIN, END
from ocibroker.cache.redis.server import Server
from ocibroker.cache.trouble import Draw
from ocibroker.clock import Clock
from ocibroker.errors import ConnectionFailed

LIFE: Final = 10.0
"""Seconds after which a lease runs out whose holder has died; who takes longer has company."""

_NOTE: Final = 2.0
"""Seconds for which it is said that there was nothing to leave."""

_FIRST: Final = 0.05
_LONGEST: Final = 0.5
"""Seconds between two looks, at first and at last, the half of which is certain."""

State = Literal["held", "over", "busy"]


def pause(looks: int, draw: Draw = random.uniform) -> float:
    """Return the seconds after so many looks until the next: more and more, half of them drawn."""
    return min(_FIRST * 1.5 ** min(looks, 16), _LONGEST) * draw(0.5, 1.0)


class Lease:
    """The lease of the entry ``name``; it is taken and given back by a token that nobody can guess."""

    def __init__(self, server: Server, clock: Clock, name: str, draw: Draw = random.uniform) -> None:
        self._server = server
        self._clock = clock
        self._names = (f"{name}:lease", name)
        self._draw = draw
        self._token = secrets.token_hex(16)
        self._seen = b"*"

    def wait(self, seconds: float) -> State:
        """Return ``held`` once it is ours, ``over`` once another has had it, ``busy`` after so many seconds.

        Raises :class:`~ocibroker.errors.ConnectionFailed`.
        """
        end, looks = self._clock.monotonic() + seconds, 0
        while (state := self._take()) == "busy" and self._clock.monotonic() < end:
            self._clock.sleep(pause(looks, self._draw))
            looks += 1
        return state

    def give_back(self, *, failed: bool) -> None:
        """Let the next one begin, if it is still ours. Raises :class:`~ocibroker.errors.ConnectionFailed`."""
        how = "failed" if failed else "done"
        self._server.call("EVAL", END, 2, *self._names, self._token, _milliseconds(_NOTE), how)

    def _take(self) -> State:
        reply = self._server.call("EVAL", BEGIN, 2, *self._names, self._token, _milliseconds(LIFE), self._seen)
        state, seen = _read(reply)
        if self._seen == b"*":
            self._seen = seen
        return state


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def _read(reply: Reply) -> tuple[State, bytes]:
    match reply:
        case [b"held", bytes(seen)]:
            return "held", seen
        case [b"over", bytes(seen)]:
            return "over", seen
        case [b"busy", bytes(seen)]:
            return "busy", seen
    raise ConnectionFailed("answered something else than was asked for")
