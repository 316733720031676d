"""A host looked at step by step: its addresses, a connection, a handshake. No registry's credential is sent."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import httpcore

from ocibroker.errors import ConnectionFailed, OcibrokerError
from ocibroker.origin import Origin
from ocibroker.tls import TLSPolicies
from ocibroker.tls.certificate import Certificate
from ocibroker.tls.unverified import unverified_context
from ocibroker.transport.faults import FAULTS, WHOSE, certificate_refused, fault
from ocibroker.transport.network import DeadlineNetwork
from ocibroker.transport.pool import Line
from ocibroker.transport.route import Route
from ocibroker.transport.sight import Handshake, Sight, SightNetwork

SECONDS: Final = 10.0
"""For each step."""

_TIMEOUT: Final = MappingProxyType(dict.fromkeys(("pool", "connect", "read", "write"), SECONDS))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A handshake that failed: ``whom`` it was with, the host itself or its proxy, and the typed ``error``.

    ``certificate`` is whether it failed for the other side's certificate.
    """

    whom: Origin
    error: OcibrokerError
    certificate: bool


@dataclass(frozen=True, slots=True)
class Probe:
    """Reaches every host by its own policy, as the broker does. Safe for threads."""

    policies: TLSPolicies
    route: Route

    def line(self, origin: Origin) -> Line:
        """Return the way to ``origin``; raises :class:`~ocibroker.errors.TLSConfigurationError`."""
        material = self.policies.for_origin(origin)
        proxy = material.policy.proxy
        return Line(origin, material, self.policies.for_origin(proxy.origin) if proxy else None)

    def addresses(self, near: Origin) -> tuple[str, ...]:
        """Return the addresses of who is dialled; raises :class:`~ocibroker.errors.ConnectionFailed`."""
        try:
            found = socket.getaddrinfo(*self.route(near.dial_host, near.port), type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or "is no name that could be looked up"
        else:
            return tuple(dict.fromkeys(str(address[0]) for *_, address in found))
        raise ConnectionFailed(why, culprit=near.host, hint="check the name, /etc/hosts and the name servers")

    def connect(self, near: Origin) -> None:
        """Open a connection and close it; raises :class:`~ocibroker.errors.ConnectionFailed`."""
        DeadlineNetwork(self.route, near).connect_tcp(near.dial_host, near.port, SECONDS).close()

    def handshake(self, line: Line) -> Handshake | Refusal:
        """Return what a handshake with the host shows, through its proxy if it has one."""
        settings = line.settings()
        sight = Sight(settings["ssl_context"])
        failure = self._shake(line.origin, settings, sight)
        return sight.shown or _refusal(line, sight, failure)

    def presented(self, whom: Origin, line: Line | None = None) -> tuple[Certificate, ...]:
        """Return the certificates that ``whom`` presents, whatever they are worth; none where it shows none.

        Nothing is verified, and nothing sent but a handshake without a certificate of our own. Where ``line`` leads
        to it through a proxy, that one is verified, and gets what it is sent always.
        """
        settings = line.settings() if line is not None and line.origin == whom else {}
        sight = Sight(unverified_context())
        self._shake(whom, {**settings, "ssl_context": sight.context}, sight)
        return sight.shown.chain if sight.shown else ()

    def _shake(self, origin: Origin, settings: dict[str, object], sight: Sight) -> BaseException:
        """Open a connection, and return what has ended it: the handshake itself, if not a failure before it."""
        url = httpcore.URL(scheme=origin.scheme, host=origin.dial_host, port=origin.port, target=b"/")
        made: dict[str, object] = {**settings, "network_backend": SightNetwork(self.route, sight)}
        request = httpcore.Request("GET", url, extensions={"timeout": dict(_TIMEOUT)})
        with httpcore.ConnectionPool(**made) as pool:  # type: ignore[arg-type]  # a line's settings
            try:
                pool.handle_request(request).close()
            except FAULTS as error:
                return error
        return ConnectionFailed("answered before a handshake", culprit=str(origin))


def _refusal(line: Line, sight: Sight, error: BaseException) -> Refusal:
    """Return whose refusal it is: before the host's own handshake, everything is with its proxy."""
    own = sight.refused or line.proxy is None
    whom = line.origin if own else line.near
    return Refusal(whom, fault(error, whom, WHOSE), certificate_refused(error))
