"""Requests that come again, byte for byte: what their bytes alone decide need not be decided again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ocibroker.sidecar.listener import Listener
from ocibroker.sidecar.message import Call, Reply
from ocibroker.sidecar.peer import Peer
from ocibroker.sidecar.shelf import Shelf

Known = Callable[[bytes, Listener], Reply | None]
"""Returns the reply that a body has had at a listener."""

Repeat = Callable[[Listener, Peer, bytes], bytes | None]
"""Returns the whole answer to a request of those bytes, or none where it has to be read."""

_MOST: Final = 1024
_LONGEST: Final = 2048
"""Requests, and bytes of one."""
_MOST_BYTES: Final = 8 * 1024 * 1024


def none_repeats(listener: Listener, peer: Peer, request: bytes) -> None:
    """Have every request read."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """``answer`` is ``reply`` as it goes over the wire at ``listener``, to a request with that body."""

    listener: Listener
    body: bytes
    reply: Reply
    answer: bytes


class Repeats:
    """Spares the hot path the parser, a task and the guard; everything that may have changed is looked at.

    ``kept`` tells what a body was answered, ``current`` the same as long as it would be. A request with an
    ``Authorization`` is never kept: finding it among others would not take constant time.
    """

    def __init__(self, current: Known, kept: Known) -> None:
        self._current, self._kept = current, kept
        self._known: Shelf[bytes, Repeated] = Shelf(_MOST, _MOST_BYTES)

    def __call__(self, listener: Listener, peer: Peer, request: bytes) -> Repeated | None:
        """Return what that request was answered, if it would be answered alike now."""
        known = self._known.get(request)
        if known is None or known.listener is not listener or not listener.admits(peer, None):
            return None
        return known if self._current(known.body, listener) is known.reply else None

    def keep(self, request: bytes, call: Call, reply: Reply, answer: bytes) -> None:
        """Remember that ``request``, read as ``call``, was answered so, unless it is rare or long."""
        if len(request) > _LONGEST or b"authorization" in call.headers or b"expect" in call.headers:
            return
        if self._kept(call.body, call.listener) is reply:
            known = Repeated(call.listener, call.body, reply, answer)
            self._known.put(request, known, len(request) + len(answer))
