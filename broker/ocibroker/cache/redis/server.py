"""A shared store's server, as far as it can be had: each question within its time, and none while it is down."""

from __future__ import annotations

import threading
from typing import Final

from ocibroker.cache.breaker import Breaker
from ocibroker.cache.moment import Moment
from ocibroker.cache.redis.connection import Connection, Reply, Word, accepted
from ocibroker.cache.redis.connections import Connections
from ocibroker.clock import Clock
from ocibroker.deadline import Deadline
from ocibroker.errors import ConnectionFailed, DeadlineExceeded, OcibrokerError, WrongScheme

CALM: Final = Breaker(patience=1)
"""A single question without an answer is enough: each would cost its whole time again."""


class Server:
    """Answers commands. Safe for threads. Raises :class:`~ocibroker.errors.ConnectionFailed`, and nothing else.

    After a failure nobody is asked for 1 to 30 seconds. ``budget`` is how many seconds a question may take in
    total, with the connection that it may need.
    """

    def __init__(self, connections: Connections, clock: Clock, url: str, budget: float) -> None:
        self._connections = connections
        self._clock = clock
        self._url = url
        self._budget = budget
        self._lock = threading.Lock()
        self._breaker = CALM

    def forked(self) -> None:
        """Begin anew in a child."""
        self._lock = threading.Lock()
        self._breaker = CALM
        self._connections.forked()

    def call(self, *words: Word) -> Reply:
        """Return the reply to a command."""
        begun = self._let_through()
        deadline = Deadline.after(self._budget, self._clock.monotonic)
        try:
            reply = self._ask(words, deadline)
        except OcibrokerError as error:
            failure = _restated(error, self._url)
        else:
            self._breaker = CALM
            return accepted(reply, self._url)
        with self._lock:
            if self._breaker is begun:  # many who fail together count once
                self._breaker = begun.overdue(Moment.now(self._clock))
        raise failure

    @property
    def answers(self) -> bool:
        """Whether it has answered the last time."""
        return self._breaker.late == 0

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def _let_through(self) -> Breaker:
        now = Moment.now(self._clock)
        with self._lock:
            if self._breaker.lets(now):
                self._breaker = self._breaker.probing(now)
                return self._breaker
        raise ConnectionFailed("is left alone for a moment", culprit=self._url)

    def _ask(self, words: tuple[Word, ...], deadline: Deadline) -> Reply:
        """Ask by a connection that was used before; one that has been closed meanwhile is replaced."""
        used = self._connections.idle()
        if used is not None:
            try:
                return self._asked(used, words, deadline)
            except DeadlineExceeded:
                raise
            except ConnectionFailed:
                self._connections.drop()
        return self._asked(self._connections.fresh(deadline), words, deadline)

    def _asked(self, connection: Connection, words: tuple[Word, ...], deadline: Deadline) -> Reply:
        try:
            reply = connection.ask(words, deadline)
        except BaseException:
            connection.close()
            raise
        self._connections.give_back(connection)
        return reply


def _restated(error: OcibrokerError, url: str) -> ConnectionFailed:
    if isinstance(error, WrongScheme):  # its text is about HTTP
        return ConnectionFailed("does not speak TLS", culprit=url, hint="see which of its ports does")
    # The culprit of another error is no connection: a file, a variable.
    why = error.message if isinstance(error, ConnectionFailed) else f"{error.culprit}: {error.message}"
    return ConnectionFailed(why, culprit=url, hint=error.hint)
