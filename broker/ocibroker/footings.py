"""All footings: who said what of a host's trust, and the connections that are made under it."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ocibroker.cache import cache_key, options_digest
from ocibroker.deadline import Deadline
from ocibroker.errands import Errand, Errands
from ocibroker.errors import OcibrokerError
from ocibroker.fetching import Fetching
from ocibroker.footing import Footing, RuleFooting
from ocibroker.transport.connections import Connections
from ocibroker.trust import Trust

_MOST: Final = 4096
"""Rules and targets that are remembered."""
_MOST_HOSTS: Final = 256
_LOG: Final = logging.getLogger("ocibroker")


class Footings:
    """Beside ``common``, the broker's own connections; the broker owns it.

    Connections are shared by those who trust the same host in the same way, and by nobody else: what one rule's
    provider says never holds for another rule's accesses.
    """

    def __init__(self, common: Connections, errands: Errands) -> None:
        self._common = common
        self._errands = errands
        self._lock = threading.Lock()
        self._rules: OrderedDict[str, RuleFooting] = OrderedDict()
        self._connections: OrderedDict[tuple[str, Trust], Connections] = OrderedDict()

    def of(self, fetching: Fetching) -> Footing:
        """Return how the accesses of a rule reach hosts; where an entry is for the target's host, it decides."""
        if self._common.policies.configured_by(fetching.target.origin):
            return self._common
        return self._rule(fetching)

    def settle(self, fetching: Fetching, deadline: Deadline) -> None:
        """Wait until it is known how the target's host is trusted; errors as the provider's own."""
        if (footing := self._unsettled(fetching)) is not None:
            with _holding_on(footing):
                self._errands.run(Errand.of("trust", fetching, footing.ask), deadline)

    async def settle_async(self, fetching: Fetching, deadline: Deadline) -> None:
        """Do the same without blocking the event loop."""
        if (footing := self._unsettled(fetching)) is not None:
            with _holding_on(footing):
                await self._errands.run_async(Errand.of("trust", fetching, footing.ask), deadline)

    def note(self, fetching: Fetching) -> str:
        """Return what a person should know of what the provider says; empty for nothing."""
        said = f"what provider {fetching.provider.name} says of TLS"
        if source := self._common.policies.configured_by(fetching.target.origin):
            return f"{said}: shadowed by {source}"
        return "" if self._rule(fetching).known else f"{said} is not known before it is asked"

    def trusting(self, host: str, trust: Trust) -> Connections:
        """Return connections that trust ``host``, as ``host[:port]``, as said.

        Raises :class:`~ocibroker.errors.TLSConfigurationError`.
        """
        with self._lock:
            if (known := self._connections.get((host, trust))) is not None:
                self._connections.move_to_end((host, trust))
                return known
        made = self._common.under(self._common.policies.trusting(host, trust))
        with self._lock:
            kept = self._connections.setdefault((host, trust), made)
            crowded = self._connections.popitem(last=False)[1] if len(self._connections) > _MOST_HOSTS else None
        if kept is made:
            for warning in made.policies.warnings:
                _LOG.warning("%s", warning)
        if crowded is not None:
            crowded.close()
        return kept

    @property
    def weakened(self) -> int:
        """How many hosts are reached without verified TLS because a provider says so."""
        trusts = [(one.host, one.trust) for one in self._rules.copy().values()]
        return len({host for host, trust in trusts if trust and (trust.insecure or trust.plain_http)})

    async def rest(self) -> None:
        """Close what is idle and belongs to the running event loop."""
        for connections in self._connections.copy().values():
            await connections.rest()

    def forked(self) -> None:
        """Begin anew in a child: with connections, workers and locks of its own."""
        self._lock = threading.Lock()
        for footing in self._rules.values():
            footing.forked()
        while self._connections:
            self._connections.popitem()[1].forked()

    def close(self) -> None:
        """Close all connections that threads use; those in use are closed by their last user."""
        for connections in self._connections.copy().values():
            connections.close()

    def _unsettled(self, fetching: Fetching) -> RuleFooting | None:
        """Return the footing that has to be asked for; raises what has just gone wrong with one."""
        footing = self.of(fetching)
        if not isinstance(footing, RuleFooting):
            return None
        if footing.due:
            return footing
        if not footing.known and (failure := footing.failure) is not None:
            raise failure
        return None

    def _rule(self, fetching: Fetching) -> RuleFooting:
        identity, host = fetching.identity(), fetching.target.registry
        origin = str(fetching.target.origin)
        key = cache_key(fetching.provider.name, options_digest(fetching.options), identity, (), origin)
        with self._lock:
            known = self._rules.get(key)
            if known is None:
                known = self._rules[key] = RuleFooting(host, fetching, identity, self._connect)
            self._rules.move_to_end(key)
            if len(self._rules) > _MOST:
                self._rules.popitem(last=False)
        return known

    def _connect(self, host: str, trust: Trust | None) -> Connections:
        return self.trusting(host, trust) if trust else self._common


@contextmanager
def _holding_on(footing: RuleFooting) -> Iterator[None]:
    """Let what was said before hold where nobody answers."""
    try:
        yield
    except OcibrokerError as error:
        if not footing.known:
            raise
        _LOG.warning("how %s is trusted could not be asked for again: %s", footing.host, error)
