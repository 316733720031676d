"""What makes the transport of an access, when somebody wants to connect."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ocibroker.auth.post_refusals import PostRefusals
from ocibroker.clock import Clock
from ocibroker.inquiry import Inquiry
from ocibroker.origin import Origin
from ocibroker.target import Target
from ocibroker.transport.connections import Connections
from ocibroker.transport.pairing import Pairing

if TYPE_CHECKING:
    from ocibroker.auth import DistributionAuth, Granting
    from ocibroker.footing import Footing
    from ocibroker.transport import CallerTransport, PairedTransport, Source, Wire

_MOST: Final = 4096
"""Targets and identities whose tokens are remembered."""


class Pairs:
    """Pairs credentials with connections; the broker owns it.

    Who answers a registry's challenges is the same for the same target and identity, and keeps its tokens.
    """

    def __init__(self, connections: Connections, clock: Clock) -> None:
        self._connections = connections
        self._clock = clock
        self._refusals = PostRefusals()
        self._auths: OrderedDict[tuple[Target, str, tuple[str, ...]], DistributionAuth] = OrderedDict()

    def of_answer(
        self, inquiry: Inquiry, realms: tuple[str, ...], source: Source, mark: CallerTransport | None
    ) -> Pairing:
        """Return what makes the transport for an answer to ``inquiry``; ``mark`` replaces the connections.

        ``realms`` are token endpoints on other hosts that may receive the credential.
        """
        return self._pairing(inquiry.origin, inquiry.footing, source, mark, lambda: self._kept(inquiry, realms))

    def of_credential(
        self, target: Target, origin: Origin, footing: Footing, realms: tuple[str, ...], source: Source
    ) -> Pairing:
        """Return what makes the transport for a credential of the caller's own; nothing of it is kept."""
        return self._pairing(origin, footing, source, None, lambda: self._auth(target, origin, realms, "none"))

    def _pairing(
        self,
        origin: Origin,
        footing: Footing,
        source: Source,
        mark: CallerTransport | None,
        auth: Callable[[], DistributionAuth],
    ) -> Pairing:
        def make() -> PairedTransport:
            from ocibroker.transport.paired import PairedTransport

            wire: Wire = footing if mark is None else self._connections.of_caller(mark)
            return PairedTransport(origin, wire, source, auth().flow)

        return Pairing(make)

    def granting(self, origin: Origin, realms: tuple[str, ...], provider: str) -> Granting:
        """Return who asks the token endpoints of the registry at ``origin``; ``provider`` is named in errors."""
        from ocibroker.auth import Granting, Realms

        return Granting(Realms(origin, realms), self._refusals, provider)

    def _kept(self, inquiry: Inquiry, realms: tuple[str, ...]) -> DistributionAuth:
        name = (inquiry.target, inquiry.key, realms)
        if (known := self._auths.get(name)) is not None:
            return known
        provider = inquiry.provider or "none"
        fresh = self._auths[name] = self._auth(inquiry.target, inquiry.origin, realms, provider)
        if len(self._auths) > _MOST:
            self._auths.popitem(last=False)
        return fresh

    def _auth(self, target: Target, origin: Origin, realms: tuple[str, ...], provider: str) -> DistributionAuth:
        from ocibroker.auth import DistributionAuth

        return DistributionAuth(target, self.granting(origin, realms, provider), self._clock)
