"""Who may come in at each door, as one configuration says; what it names is read, or it is refused."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ocibroker.config import SidecarSettings, TCPListening, UnixListening, located
from ocibroker.errors import ConfigurationError
from ocibroker.sidecar.bearer_file import BearerFile
from ocibroker.sidecar.certificate_names import allowed_names
from ocibroker.sidecar.certificates import Certificates
from ocibroker.sidecar.listener import Admission, ListenerName, everybody, nobody, users
from ocibroker.sidecar.socket_owner import SocketOwner
from ocibroker.sidecar.tcp_socket import check_callers, hosts_of, is_loopback
from ocibroker.sidecar.unix_socket import check_mode, check_owner


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entrance:
    """``uids`` are the users who may connect to a Unix socket; none for TCP.

    With ``certificates`` it speaks TLS, and with ``names`` a caller's certificate must hold one of them. ``admits``
    decides about each request, and ``administers`` about actions; ``hosts`` are names that callers may use beside
    the address.
    """

    uids: frozenset[int] | None = None
    certificates: Certificates | None = None
    names: frozenset[str] | None = None
    admits: Admission = everybody
    administers: Admission = nobody
    hosts: tuple[str, ...] = ()


Entrances = Mapping[ListenerName, Entrance]

NO_ENTRANCES: Final[Entrances] = MappingProxyType({})
CLOSED: Final = Entrance(names=frozenset(), admits=nobody)
"""Of a TCP listener that the configuration does not name any more."""


def entrances(
    settings: SidecarSettings,
    *,
    monotonic: Callable[[], float],
    path: Path | None = None,
    passed: bool = False,
    before: Entrances = NO_ENTRANCES,
) -> Entrances:
    """Return the entrance of each listener that ``settings`` of the configuration at ``path`` name.

    With ``passed`` the sockets are a supervisor's, and so are mode and owner. Certificates whose files have the
    paths of ``before`` are the same: nobody who came by them has to go.

    Raises :class:`~ocibroker.errors.ConfigurationError` that names file, line and key where a listener would let in
    whom it should not, or a file that it needs is not in order.
    """
    named: dict[ListenerName, Entrance] = {
        "socket": _local(settings.socket, path, passed=passed),
        "admin": _administration(settings, path, monotonic),
    }
    if settings.tcp:
        named["tcp"] = _tcp(settings.tcp, path, monotonic, before.get("tcp", CLOSED))
    return named


def _local(said: UnixListening, path: Path | None, *, passed: bool) -> Entrance:
    with located(path, "sidecar.owner"):
        owner = SocketOwner.parse(said.owner)
        if not passed:
            check_owner(said, owner)
    with located(path, "sidecar.allow_uids"):
        if not passed:
            check_mode(said, owner)
    uids, own = frozenset({0, os.geteuid(), *said.allow_uids}), frozenset({0, os.geteuid()})
    with located(path, "sidecar.admin_uids"):
        if strangers := said.admin_uids - uids:
            first = min(strangers)
            why, hint = f"user {first} may not call", f"add {first} to sidecar.allow_uids"
            raise ConfigurationError(why, culprit="sidecar.admin_uids", hint=hint)
    return Entrance(uids=uids, administers=users(own | said.admin_uids))


def _administration(settings: SidecarSettings, path: Path | None, monotonic: Callable[[], float]) -> Entrance:
    """Return that of the admin listener: anybody on this machine may look, and act who has the token."""
    if settings.admin_bearer is None:
        return Entrance()
    with located(path, "sidecar.admin_bearer"):
        check_actions(settings)
        return Entrance(administers=BearerFile(settings.admin_bearer, monotonic))


def check_actions(settings: SidecarSettings) -> None:
    """Raise :class:`~ocibroker.errors.ConfigurationError` where the token for actions would be of no effect."""
    if settings.admin_bearer and settings.admin and not is_loopback(settings.admin):
        hint = "act on the Unix socket, or have admin listen on loopback"
        raise ConfigurationError(f"is of no effect at {settings.admin}", culprit="sidecar.admin_bearer", hint=hint)


def _tcp(said: TCPListening, path: Path | None, monotonic: Callable[[], float], before: Entrance) -> Entrance:
    with located(path, "sidecar.tcp.allow"):
        names = allowed_names(said.allow)
    with located(path, "sidecar.tcp"):
        check_callers(said)
    with located(path, "sidecar.tcp.hosts"):
        hosts_of(said.listen, said.hosts)
    with located(path, "sidecar.tcp.bearer"):
        admits = BearerFile(said.bearer, monotonic) if said.bearer else everybody
    with located(path, "sidecar.tcp.certificate"):
        certificates = _certificates(said, monotonic, before.certificates)
    known = names if said.client_ca else None
    return Entrance(certificates=certificates, names=known, admits=admits, hosts=said.hosts)


def _certificates(
    said: TCPListening, monotonic: Callable[[], float], before: Certificates | None
) -> Certificates | None:
    if not (said.certificate and said.key):
        return None
    made = Certificates(said.certificate, said.key, said.client_ca, monotonic)
    return before if before and before.files == made.files else made
