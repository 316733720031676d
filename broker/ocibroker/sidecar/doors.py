"""Every socket that the configuration names, or a supervisor has passed on, open for a block."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from socket import socket
from typing import Final

from ocibroker.config import SidecarSettings, TCPListening, UnixListening
from ocibroker.config.sidecar import Address
from ocibroker.errors import ConfigurationError
from ocibroker.host import address_of
from ocibroker.sidecar.activation import inherited
from ocibroker.sidecar.bearer_file import BearerFile
from ocibroker.sidecar.certificate_names import allowed_names
from ocibroker.sidecar.certificates import Certificates
from ocibroker.sidecar.door import Door
from ocibroker.sidecar.listener import Listener, everybody
from ocibroker.sidecar.tcp_socket import check_callers, hosts_of, tcp_socket
from ocibroker.sidecar.unix_socket import unix_socket
from ocibroker.socket_place import VARIABLE, socket_places

LOCAL_HOSTS: Final = frozenset({"ocibroker", "localhost"})
"""What callers of a Unix socket write as ``Host``, which means nothing there."""


@contextmanager
def open_doors(
    settings: SidecarSettings, *, environ: Mapping[str, str], monotonic: Callable[[], float]
) -> Iterator[tuple[Door, ...]]:
    """Yield the doors, whose sockets listen already; afterwards they are closed, and nothing is left behind.

    Raises :class:`~ocibroker.errors.ConfigurationError` where one of them cannot be opened, or would let in whom it
    should not.
    """
    if settings.tcp:
        check_callers(settings.tcp)
    with ExitStack() as stack:
        passed = inherited(environ, os.getpid())
        for one in passed.values():
            stack.enter_context(one)
        for name, configured in (("tcp", settings.tcp), ("admin", settings.admin)):
            if name in passed and configured is None:
                raise ConfigurationError("was passed on, and is not configured", culprit=f"the socket {name!r}")
        doors = [_unix_door(settings.socket, passed.get("socket"), environ, stack)]
        if settings.tcp:
            doors.append(_tcp_door(settings.tcp, passed.get("tcp"), monotonic, stack))
        if settings.admin:
            doors.append(_admin_door(settings.admin, passed.get("admin"), stack))
        yield tuple(doors)


def default_place(environ: Mapping[str, str]) -> Path:
    """Return where the socket is without a setting: in the user's runtime directory, or root's.

    Raises :class:`~ocibroker.errors.ConfigurationError` for a user who has none.
    """
    users, *_ = places = socket_places({name: environ[name] for name in environ if name != VARIABLE})
    if len(places) == 1 and os.geteuid() != 0:
        hint = "set sidecar.socket, or XDG_RUNTIME_DIR"
        raise ConfigurationError("this user has no runtime directory", culprit="sidecar.socket", hint=hint)
    return users


def _unix_door(
    settings: UnixListening, passed: socket | None, environ: Mapping[str, str], stack: ExitStack
) -> Door:
    listener = Listener(name="socket", hosts=LOCAL_HOSTS)
    uids = frozenset({0, os.geteuid(), *settings.allow_uids})
    if passed:
        return Door(socket=passed, listener=listener, uids=uids, inherited=True)
    path = settings.path or default_place(environ)
    made = stack.enter_context(unix_socket(path, settings))
    return Door(socket=made.socket, listener=listener, uids=uids, path=path, withdraw=made.withdraw)


def _tcp_door(
    settings: TCPListening, passed: socket | None, monotonic: Callable[[], float], stack: ExitStack
) -> Door:
    certificates = None
    if settings.certificate and settings.key:
        certificates = Certificates(settings.certificate, settings.key, settings.client_ca, monotonic)
    admits = BearerFile(settings.bearer, monotonic) if settings.bearer else everybody
    listening = passed or stack.enter_context(tcp_socket(settings.listen))
    where = _where(listening)
    check_callers(replace(settings, listen=where))  # once more: it is the supervisor who has chosen this address
    hosts = hosts_of(where, settings.hosts) | hosts_of(replace(settings.listen, port=where.port))
    return Door(
        socket=listening,
        listener=Listener(name="tcp", hosts=hosts, everywhere=_everywhere(where), admits=admits),
        certificates=certificates,
        names=allowed_names(settings.allow) if settings.client_ca else None,
        inherited=passed is not None,
    )


def _admin_door(address: Address, passed: socket | None, stack: ExitStack) -> Door:
    listening = passed or stack.enter_context(tcp_socket(address))
    where = _where(listening)
    hosts = hosts_of(where) | hosts_of(replace(address, port=where.port))
    return Door(
        socket=listening,
        listener=Listener(name="admin", hosts=hosts, everywhere=_everywhere(where)),
        inherited=passed is not None,
    )


def _everywhere(address: Address) -> int | None:
    """Return the port of an address that stands for all of the machine's; none of another one."""
    number = address_of(address.host)
    return address.port if number is not None and number.is_unspecified else None


def _where(listening: socket) -> Address:
    """Return where the socket listens: who passed it on, or the system that chose a port, has decided it."""
    host, port = listening.getsockname()[:2]
    return Address(host=host, port=port)
