"""How the host of a target is reached: as everybody reaches it, or as a rule's provider says."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from ocibroker.cache import cache_key, options_digest
from ocibroker.choosing import Choosing
from ocibroker.config import Config
from ocibroker.deadline import Deadline, number
from ocibroker.errands import Errand, Errands
from ocibroker.errors import OcibrokerError
from ocibroker.fetching import Fetching
from ocibroker.footing import Footing, RuleFooting
from ocibroker.request import Caller
from ocibroker.target import Target
from ocibroker.tls import TLSPolicies
from ocibroker.transport.connections import Connections
from ocibroker.trust import Trust
from ocibroker.trusted_connections import TrustedConnections

_MOST: Final = 4096
"""Rules and targets that are remembered."""
_LOG: Final = logging.getLogger("ocibroker")


@dataclass(frozen=True, slots=True)
class _Unsettled:
    """What is to be known, and who is asked for it."""

    footing: RuleFooting
    errand: Errand


class Footings:
    """What one rule's provider says never holds for another rule's accesses; the broker owns it.

    ``common`` is for all who say nothing, ``trusted`` for the others. Errors are
    :class:`~ocibroker.errors.OcibrokerError`.
    """

    def __init__(
        self, common: Connections, trusted: TrustedConnections, choosing: Choosing, errands: Errands
    ) -> None:
        self._common = common
        self._trusted = trusted
        self._choosing = choosing
        self._errands = errands
        self._lock = threading.Lock()
        self._rules: OrderedDict[str, RuleFooting] = OrderedDict()

    def of(self, target: Target, caller: Caller | None) -> Footing:
        """Return how an access to ``target`` reaches hosts; where an entry is for the target's host, it decides."""
        saying = self._saying(target, caller)
        return self._common if saying is None or self._entry(target) else self._rule(saying)

    def settle(self, target: Target, caller: Caller | None, seconds: float) -> float:
        """Wait until it is known how the target's host is trusted, and return how many of ``seconds`` are left."""
        if (unsettled := self._unsettled(target, caller)) is None:
            return seconds
        footing, errand, deadline = unsettled.footing, unsettled.errand, self._deadline(seconds)
        with _holding_on(footing):
            self._errands.run(errand, deadline)
        return max(0.0, deadline.at - deadline.monotonic())

    async def settle_async(self, target: Target, caller: Caller | None, seconds: float) -> float:
        """Do the same without blocking the event loop."""
        if (unsettled := self._unsettled(target, caller)) is None:
            return seconds
        footing, errand, deadline = unsettled.footing, unsettled.errand, self._deadline(seconds)
        with _holding_on(footing):
            await self._errands.run_async(errand, deadline)
        return max(0.0, deadline.at - deadline.monotonic())

    def explained(self, target: Target, caller: Caller | None) -> tuple[TLSPolicies, str]:
        """Return the policies for ``target``, and what a person should know of where they come from."""
        policies, saying = self.of(target, caller).policies, self._saying(target, caller)
        if saying is None:
            return policies, ""
        said = f"what provider {saying.provider.name} says of TLS"
        if source := self._entry(target):
            return policies, f"{said}: shadowed by {source}"
        return policies, "" if self._rule(saying).known else f"{said} is not known before it is asked"

    def read_all(self, config: Config) -> None:
        """Read what files say of the hosts that rules spell out, so that what they weaken is told at once."""
        for rule in config.rules:
            pattern, provider = rule.pattern, config.providers.loaded.get(rule.provider)
            if "*" not in pattern.host and hasattr(provider, "trust"):
                host = f"{pattern.host}:{pattern.port}" if pattern.port else pattern.host
                with suppress(OcibrokerError):  # whoever asks is told of it
                    self.of(Target(host, pattern.path), Caller.of_account(rule.account)).policies  # noqa: B018

    @property
    def weakened(self) -> int:
        """How many hosts are reached without verified TLS because a provider says so."""
        with self._lock:
            trusts = [(one.host, one.trust) for one in self._rules.values()]
        return len({host for host, trust in trusts if trust and (trust.insecure or trust.plain_http)})

    def forked(self) -> None:
        """Begin anew in a child; another thread of its parent may have held the lock."""
        self._lock = threading.Lock()
        for footing in self._rules.values():
            footing.forked()

    def _saying(self, target: Target, caller: Caller | None) -> Fetching | None:
        return self._choosing.offering("trust", target, caller)

    def _entry(self, target: Target) -> str:
        return self._common.policies.configured_by(target.origin)

    def _deadline(self, seconds: float) -> Deadline:
        return Deadline.after(number("deadline", seconds), self._choosing.means.clock.monotonic)

    def _unsettled(self, target: Target, caller: Caller | None) -> _Unsettled | None:
        """Return who has to be asked; raises what has just gone wrong with that."""
        if (saying := self._saying(target, caller)) is None or self._entry(target):
            return None
        footing = self._rule(saying)
        if footing.due:
            return _Unsettled(footing, Errand.of("trust", saying, footing.ask))
        if not footing.known and (failure := footing.failure) is not None:
            raise failure
        return None

    def _rule(self, saying: Fetching) -> RuleFooting:
        identity, target = saying.identity(), saying.target
        options = options_digest(saying.options, saying.means.environ)
        key = cache_key(saying.provider.name, options, identity, (), str(target.origin))
        with self._lock:
            known = self._rules.get(key)
            if known is None:
                known = self._rules[key] = RuleFooting(target.registry, saying, identity, self._connect)
            self._rules.move_to_end(key)
            if len(self._rules) > _MOST:
                self._rules.popitem(last=False)
        return known

    def _connect(self, host: str, trust: Trust | None) -> Connections:
        return self._trusted.of(host, trust) if trust else self._common


@contextmanager
def _holding_on(footing: RuleFooting) -> Iterator[None]:
    """Let what was said before hold where nobody answers."""
    try:
        yield
    except OcibrokerError as error:
        if not footing.known:
            raise
        _LOG.warning("how %s is trusted could not be asked for again: %s", footing.host, error)
