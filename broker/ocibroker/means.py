"""What every fetch has at its disposal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ocibroker.clock import Clock
from ocibroker.origin import Origin
from ocibroker.tls import TLSPolicies, TLSPolicy
from ocibroker.transport.wire import Wire
from ocibroker.trust import Trust


@dataclass(frozen=True, slots=True)
class Means:
    """The broker owns it.

    ``withheld`` are variables of ``environ`` that hold secrets: only a reference to one gets it, and no program.
    ``trusting`` gives a wire that trusts one host, as ``host[:port]``, in a way of its own; without it ``wire``
    does for all.
    """

    environ: Mapping[str, str] = field(repr=False)
    clock: Clock
    policies: TLSPolicies
    wire: Wire
    withheld: frozenset[str] = frozenset()
    trusting: Callable[[str, Trust], Wire] | None = None

    @property
    def shown(self) -> Mapping[str, str]:
        """The environment as providers and programs get it."""
        if not self.withheld:
            return self.environ
        return MappingProxyType({name: self.environ[name] for name in self.environ if name not in self.withheld})

    def tls(self, url: str) -> TLSPolicy:
        """Return the policy of the host in ``url``."""
        return self.policies.for_origin(Origin.parse(url)).policy

    def wire_for(self, url: str, trust: Trust) -> Wire:
        """Return a wire that trusts the host in ``url`` as said."""
        return self.trusting(Origin.parse(url).authority, trust) if self.trusting else self.wire
