"""One connection to a Redis or Valkey server, over RESP 2 (https://redis.io/docs/latest/develop/reference/protocol-spec/)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import hiredis

from ocibroker.config import SharedStore
from ocibroker.deadline import Deadline
from ocibroker.errors import ConnectionFailed, as_code
from ocibroker.transport.stream import Stream

Word = str | bytes | int
Reply = object
"""What a server answers: bytes, a number, a list, none, or a :class:`hiredis.ReplyError`."""

_HINTS: Final = MappingProxyType(
    {
        "WRONGPASS": "check cache.username and cache.password",
        "NOAUTH": "set cache.username and cache.password",
        "NOPERM": "let its user do what docs/redis.md lists",
        "OOM": "give it more memory, or a maxmemory-policy that evicts",
        "READONLY": "name the primary, not a replica",
        "MOVED": "name a single server: clusters are not followed",
    }
)
_LARGEST: Final = 4 * 1024 * 1024
"""Bytes of one reply; an entry is far smaller, and so is a page of names."""


class Connection:
    """Asks one thing after another. Who gives up waiting for a reply must close it: the reply may still come.

    Raises :class:`~ocibroker.errors.ConnectionFailed`.
    """

    def __init__(self, stream: Stream, url: str) -> None:
        self._stream = stream
        self._url = url
        self._reader = hiredis.Reader(notEnoughData=self)

    def ask(self, words: tuple[Word, ...], deadline: Deadline) -> Reply:
        """Send a command and return the reply."""
        self._stream.send(hiredis.pack_command(words), deadline)  # type: ignore[arg-type]  # its stub knows one word
        size, reply = 0, self._reply()
        while reply is self and size < _LARGEST:
            part = self._stream.receive(deadline)
            size += len(part)
            self._reader.feed(part)
            reply = self._reply()
        if reply is self:
            raise ConnectionFailed("sends endless replies", culprit=self._url)
        return reply

    def enter(self, settings: SharedStore, deadline: Deadline) -> None:
        """Say who we are, and choose the database."""
        if settings.password is not None:
            user = (settings.username,) if settings.username else ()
            self._accepted(("AUTH", *user, settings.password().reveal()), deadline)
        if settings.database:
            self._accepted(("SELECT", settings.database), deadline)

    def close(self) -> None:
        """Close it."""
        self._stream.close()

    def _accepted(self, words: tuple[Word, ...], deadline: Deadline) -> None:
        accepted(self.ask(words, deadline), self._url)

    def _reply(self) -> Reply:
        try:
            return self._reader.gets()
        except (hiredis.HiredisError, MemoryError):  # an array is made before its parts have come
            pass
        raise ConnectionFailed("does not speak the protocol of Redis", culprit=self._url, hint="check the port")


def accepted(reply: Reply, url: str) -> Reply:
    """Return ``reply``, or raise :class:`~ocibroker.errors.ConnectionFailed` with its code where it is an error."""
    if not isinstance(reply, hiredis.ReplyError):
        return reply
    code = as_code(str(reply).partition(" ")[0]) or "an error"
    raise ConnectionFailed(f"answered {code}", culprit=url, hint=_HINTS.get(code, "look at the server"))
