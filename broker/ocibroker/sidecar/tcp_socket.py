"""A TCP socket, and who may ask there: over the network only by a client's certificate."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from ocibroker.config import TCPListening
from ocibroker.config.sidecar import Address
from ocibroker.errors import ConfigurationError
from ocibroker.host import address_of, split_authority
from ocibroker.sidecar.certificate_names import allowed_names

_BACKLOG = 512


def tcp_socket(address: Address) -> socket.socket:
    """Return a socket that listens there; raises :class:`~ocibroker.errors.ConfigurationError`."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _unusable(address, error) from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(place)
        listening.listen(_BACKLOG)
        listening.setblocking(False)  # noqa: FBT003  # its only argument
    except OSError as error:
        listening.close()
        raise _unusable(address, error) from None
    return listening


def _unusable(address: Address, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"cannot be listened on: {error.strerror}", culprit=str(address), hint="choose an address of this machine"
    )


@dataclass(frozen=True, slots=True)
class _Rule:
    broken: bool
    why: str
    hint: str


def check_callers(settings: TCPListening) -> None:
    """Raise :class:`~ocibroker.errors.ConfigurationError` where callers would not be known well enough.

    On loopback it takes a bearer token or a client certificate, anywhere else a client certificate of those in
    ``allow``. A setting that would be of no effect is refused too.
    """
    for rule in _rules(settings):
        if rule.broken:
            raise ConfigurationError(rule.why, culprit="sidecar.tcp", hint=rule.hint)
    allowed_names(settings.allow)


def _rules(said: TCPListening) -> tuple[_Rule, ...]:
    pair, mtls = "name certificate and key", "name certificate, key, client_ca and allow"
    return (
        _Rule(bool(said.certificate) != bool(said.key), "names one of certificate and key", pair),
        _Rule(bool(said.client_ca and not said.certificate), "names client_ca and no certificate", pair),
        _Rule(bool(said.client_ca and not said.allow), "verifies callers and allows none", "name some in allow"),
        _Rule(bool(said.allow and not said.client_ca), "allows names that nobody verifies", "name client_ca"),
        _Rule(not (said.client_ca or is_loopback(said.listen)), f"lets the network in at {said.listen}", mtls),
        _Rule(not (said.client_ca or said.bearer), "lets everybody on this machine in", f"name bearer, or {mtls}"),
    )


def is_loopback(address: Address) -> bool:
    """Whether only this machine reaches that address; of a name, only ``localhost`` is known to be one."""
    number = address_of(address.host)
    return number.is_loopback if number else address.host == "localhost"


def hosts_of(address: Address, names: tuple[str, ...] = ()) -> frozenset[str]:
    """Return the values of ``Host`` that mean the listener: its address, and ``names`` with its port.

    Raises :class:`~ocibroker.errors.InvalidTarget` for a name that is none.
    """
    local = {f"localhost:{address.port}"} if is_loopback(address) else set()
    others = map(split_authority, names)
    return frozenset({str(address), *local, *(f"{host}:{port or address.port}" for host, port in others)})
