"""The store of a fleet, in Redis or Valkey: sealed entries, and leases so that one process asks for all.

It is a help and never in the way: down, slow, full or tampered with is a miss.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Final

from ocibroker.cache.boot import boot_id
from ocibroker.cache.entry import Entry
from ocibroker.cache.moment import Moment
from ocibroker.cache.record import LARGEST, Record, dump, load, parse
from ocibroker.cache.redis.connection import Connection
from ocibroker.cache.redis.connections import Connections
from ocibroker.cache.redis.envelope import Envelope
from ocibroker.cache.redis.lease import Lease
from ocibroker.cache.redis.scripts import DROP, PUT
from ocibroker.cache.redis.server import Server
from ocibroker.cache.workers import Start, start_thread
from ocibroker.clock import Clock
from ocibroker.config import SharedStore
from ocibroker.credential import Credential
from ocibroker.deadline import Deadline
from ocibroker.errors import ConnectionFailed, IntegrityError, OcibrokerError
from ocibroker.tls import TLSPolicies
from ocibroker.transport import Route
from ocibroker.transport.stream import Stream

_LOG: Final = logging.getLogger("ocibroker")
_CONNECT: Final = 5.0
"""Seconds for a connection: who does not wait for it leaves it to the next."""
_OFF: Final = 300
"""Seconds by which the clocks of a process and of the server may differ."""
_PAGE: Final = 200


def open_store(
    settings: SharedStore,
    *,
    policies: TLSPolicies,
    clock: Clock,
    route: Route,
    budget: float,
    start: Start = start_thread,
) -> RedisStore:
    """Return the store that ``settings`` describe, over TLS by the policy of its host; nothing is connected yet.

    Raises :class:`~ocibroker.errors.ConfigurationError` for a key that is none.
    """

    def dial() -> Connection:
        deadline = Deadline.after(_CONNECT, clock.monotonic)
        stream = Stream(settings.origin, policies.for_origin(settings.origin), route, deadline)
        connection = Connection(stream, settings.url)
        try:
            connection.enter(settings, deadline)
        except BaseException:
            connection.close()
            raise
        return connection

    keys = [read() for read in (settings.key, settings.previous_key) if read is not None]
    server = Server(Connections(dial, start, settings.url), clock, settings.url, budget)
    return RedisStore(server, Envelope(keys, settings.tenant), clock, settings.url, start)


class RedisStore:
    """Entries behind ``server``, sealed by ``envelope``. What goes wrong is a miss, and logged once."""

    def __init__(
        self, server: Server, envelope: Envelope, clock: Clock, shared: str, start: Start = start_thread
    ) -> None:
        self.shared: Final = shared
        self.sealing: Final = envelope.sealing
        self._server = server
        self._envelope = envelope
        self._clock = clock
        self._start = start
        self._boot = boot_id()
        self._complaints: set[str] = set()
        self._troubles: dict[str, str] = {}
        self._off = False

    @property
    def trouble(self) -> str:
        """What goes wrong until it goes well again; that an entry was tampered with stays."""
        return "; ".join(self._troubles.copy().values())

    def get(self, key: str, now: Moment) -> Entry | None:
        """Return the entry, or none."""
        with self._failing():
            for name, value in self._values(key):
                if data := self._opened(name, value):
                    return load(data, key, now, self._boot)
        return None

    def put(self, key: str, entry: Entry, provider: str) -> None:
        """Keep ``entry``; one that is there already and lives longer stays."""
        data = dump(key, entry, provider, self._boot)
        expires = getattr(entry.answer, "expires_at", None)
        if data is None or expires is None or len(data) > LARGEST:
            return
        name, expiry = self._envelope.names(key)[0], int(expires.timestamp() * 1000)
        value, at = self._envelope.seal(name, expiry, data), int(self._clock.now().timestamp())
        with self._failing():
            self._off = self._server.call("EVAL", PUT, 1, name, value, expiry, at, _OFF) == b"clock"
            if self._off:
                self._complain("clock", f"its clock and ours differ by more than {_OFF} s, and nothing is shared")
            else:
                self._troubles.pop("clock", None)

    def discard(self, key: str, refused: Credential, now: Moment) -> None:
        """Forget the entry if it holds what was refused. Nobody waits for it."""
        with self._failing():
            try:
                self._start(partial(self._discard, key, refused, now), "ocibroker-cache")
            except (RuntimeError, MemoryError):
                raise ConnectionFailed("no thread is left to ask it", culprit=self.shared) from None

    def forget(self, key: str) -> None:
        """Forget the entry."""
        with self._failing():
            self._server.call("DEL", *self._envelope.names(key))

    def turn(self, key: str, deadline: Deadline) -> AbstractContextManager[bool]:
        """Have one process of the fleet in the block; half of the deadline is spent on waiting, and then none is.

        The lease of one who has died runs out, and who takes it over has waited for nobody.
        """
        return self._turn(Lease(self._server, self._clock, self._envelope.names(key)[0]), deadline.left() / 2)

    def records(self) -> Iterator[Record]:
        """Yield what is there, for people. Raises :class:`~ocibroker.errors.ConnectionFailed`."""
        for name in self._names():
            value = self._server.call("GET", name)
            if isinstance(value, bytes) and (record := parse(self._opened(name, value))):
                yield record

    def clear(self) -> int:
        """Forget all of the tenant's entries, and return how many those were.

        Raises :class:`~ocibroker.errors.ConnectionFailed`.
        """
        return sum(self._server.call("DEL", name) == 1 for name in self._names())

    def forked(self) -> None:
        """Begin anew in a child."""
        self._server.forked()

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    @contextmanager
    def _turn(self, lease: Lease, seconds: float) -> Iterator[bool]:
        state = None
        with self._failing():
            state = lease.wait(seconds)
        failed = True
        try:
            yield state in {"over", "busy"}
            failed = False
        finally:
            if state == "held":
                with self._failing():
                    # Who may leave nothing says nothing of whether there is anything to leave.
                    lease.give_back(failed=failed or self._off)

    def _discard(self, key: str, refused: Credential, now: Moment) -> None:
        with self._failing():
            for name, value in self._values(key):
                entry = load(self._opened(name, value), key, now, self._boot)
                if entry is not None and entry.answer == refused:
                    self._server.call("EVAL", DROP, 1, name, value)

    def _values(self, key: str) -> Iterator[tuple[str, bytes]]:
        """Yield what lies under each of the key's names."""
        names = self._envelope.names(key)
        values = self._server.call("MGET", *names)
        if not isinstance(values, list) or len(values) != len(names):
            raise _other(self.shared)
        yield from ((name, value) for name, value in zip(names, values, strict=True) if isinstance(value, bytes))

    def _opened(self, name: str, value: bytes) -> bytes:
        """Return the entry in ``value``; nothing, and drop it, where it was tampered with."""
        try:
            return self._envelope.open(name, value)
        except IntegrityError as error:
            self._complain("seal", f"{error.message}; it is dropped")
        self._server.call("EVAL", DROP, 1, name, value)
        return b""

    def _names(self) -> Iterator[str]:
        """Yield the names of all entries of the tenant, some perhaps twice."""
        cursor: object = b"0"
        while True:
            match self._server.call("SCAN", _text(cursor), "MATCH", f"{self._envelope.prefix}*}}", "COUNT", _PAGE):
                case [bytes(cursor), [*names]]:
                    yield from dict.fromkeys(map(_text, names))
                case _:
                    raise _other(self.shared)
            if cursor == b"0":
                return

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Have a failure of the block logged once; that the server is down, once until it is up again."""
        try:
            yield
        except OcibrokerError as error:
            self._complain("answer" if self._server.answers else "down", error.message, error.hint)
        else:
            if self._server.answers:
                self._complaints.discard("down")
                for about in ("down", "answer"):
                    self._troubles.pop(about, None)

    def _complain(self, about: str, what: str, hint: str = "") -> None:
        self._troubles[about] = what
        if about not in self._complaints:
            self._complaints.add(about)
            _LOG.warning("the shared cache %s: %s%s", self.shared, what, f" ({hint})" if hint else "")


def _other(url: str) -> ConnectionFailed:
    return ConnectionFailed("answered something else than was asked for", culprit=url)


def _text(value: object) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else ""
