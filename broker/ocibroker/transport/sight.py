"""Handshakes that are looked at: what the other side presents, and nothing is sent afterwards."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any

import httpcore

from ocibroker.tls.certificate import Certificate
from ocibroker.transport.faults import FAULTS
from ocibroker.transport.route import Route
from ocibroker.transport.routed import RoutedNetwork, RoutedStream


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """What was agreed on. ``chain`` is as presented, the server's own certificate first.

    ``anchor`` is the certificate that it was verified by. It is none, and the chain empty, where that cannot be
    told: nothing was verified, or the system's own interface did it.
    """

    version: str
    chain: tuple[Certificate, ...]
    anchor: Certificate | None


@dataclass(slots=True, eq=False)
class Sight:
    """What comes of a handshake by ``context``: ``shown``, or ``refused``, or neither where it is not reached."""

    context: ssl.SSLContext
    shown: Handshake | None = None
    refused: bool = False


class SightNetwork(RoutedNetwork):
    """Opens connections by a route, and ends them at the handshake that ``sight`` is for."""

    def __init__(self, route: Route, sight: Sight) -> None:
        super().__init__(route, lambda dial: _Stream(dial(), sight))


class _Stream(RoutedStream):
    def __init__(self, stream: httpcore.NetworkStream, sight: Sight) -> None:
        super().__init__(stream)
        self._sight = sight

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        wanted = ssl_context is self._sight.context
        try:
            secured = super().start_tls(ssl_context, server_hostname, timeout)
        except FAULTS:
            self._sight.refused = wanted
            raise
        if not wanted:
            return _Stream(secured, self._sight)
        self._sight.shown = _handshake(secured.get_extra_info("ssl_object"), ssl_context)
        secured.close()
        raise httpcore.ConnectError  # whoever opened the connection would write on it


def _handshake(secured: Any, context: ssl.SSLContext) -> Handshake:  # noqa: ANN401  # a type of the interpreter's
    # What has the chains is public only from Python 3.13 on, and lacks there what else a certificate says. Within a
    # connection to a proxy there is a wrapper around it.
    inner = getattr(secured, "_sslobj", secured)
    # A context of truststore's hands the chain to the system, and OpenSSL verifies nothing.
    verified = context.verify_mode is ssl.CERT_REQUIRED and type(context) is ssl.SSLContext
    anchored = inner.get_verified_chain() if verified else ()
    return Handshake(
        version=inner.version() or "",
        chain=tuple(map(_certificate, inner.get_unverified_chain() or ())),
        anchor=_certificate(anchored[-1]) if anchored else None,
    )


def _certificate(found: Any) -> Certificate:  # noqa: ANN401  # the interpreter's own type, which has no name
    return Certificate.of(found.get_info(), found.public_bytes())
