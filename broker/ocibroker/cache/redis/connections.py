"""The connections of one process to a shared store: made in threads, and used again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from ocibroker.cache.flights import contained
from ocibroker.cache.redis.connection import Connection
from ocibroker.cache.workers import Start
from ocibroker.deadline import Deadline
from ocibroker.errors import ConnectionFailed, DeadlineExceeded

_MOST: Final = 8
"""Connections that are kept while nobody uses them."""


class Connections:
    """Lends connections that ``dial`` makes.

    A thread makes each, since a resolver knows no deadline; who has waited long enough goes, and what comes later
    is for the next.
    """

    def __init__(self, dial: Callable[[], Connection], start: Start, url: str) -> None:
        self._dial = dial
        self._start = start
        self._url = url
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._closed = False

    def forked(self) -> None:
        """Begin anew in a child: its parent goes on using what there was."""
        self._lock = threading.Lock()
        self.drop()

    def idle(self) -> Connection | None:
        """Return one that was used before, if there is any."""
        with self._lock:
            return self._idle.pop() if self._idle else None

    def fresh(self, deadline: Deadline) -> Connection:
        """Return a new one. Raises :class:`~ocibroker.errors.ConnectionFailed`."""
        coming: Future[Connection] = Future()
        try:
            self._start(lambda: self._bring(coming), "ocibroker-cache")
        except (RuntimeError, MemoryError):
            raise ConnectionFailed("no thread is left to connect", culprit=self._url) from None
        try:
            return coming.result(deadline.left())
        except TimeoutError:
            coming.add_done_callback(self._keep_late)
        raise DeadlineExceeded("did not answer in time", culprit=self._url, hint="look at the server")

    def give_back(self, connection: Connection) -> None:
        """Keep one for the next who wants one."""
        with self._lock:
            kept = len(self._idle) < _MOST and not self._closed
            if kept:
                self._idle.append(connection)
        if not kept:
            connection.close()

    def drop(self) -> None:
        """Close what nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def close(self) -> None:
        """Close what nobody uses, and what comes back later."""
        with self._lock:
            self._closed = True
        self.drop()

    def _bring(self, coming: Future[Connection]) -> None:
        try:
            connection = self._dial()
        except BaseException as error:  # noqa: BLE001  # whatever it is, somebody waits for it
            coming.set_exception(contained(error, self._url))
        else:
            coming.set_result(connection)

    def _keep_late(self, come: Future[Connection]) -> None:
        if come.exception() is None:
            self.give_back(come.result())
