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
from ocibroker.sidecar.door import Door
from ocibroker.sidecar.entrance import Entrance, check_actions, entrances
from ocibroker.sidecar.listener import ListenerName
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
    passed_on = bool(environ.get("LISTEN_FDS"))
    ways = entrances(settings, monotonic=monotonic, passed=passed_on)
    with ExitStack() as stack:
        passed = inherited(environ, os.getpid())
        for one in passed.values():
            stack.enter_context(one)
        for name, configured in (("tcp", settings.tcp), ("admin", settings.admin)):
            if name in passed and configured is None:
                raise ConfigurationError("was passed on, and is not configured", culprit=f"the socket {name!r}")
        doors = [_unix_door(settings.socket, passed.get("socket"), ways["socket"], environ, stack)]
        if settings.tcp:
            doors.append(_tcp_door(settings.tcp, passed.get("tcp"), ways["tcp"], stack))
        if settings.admin:
            if inherits := passed.get("admin"):
                check_actions(replace(settings, admin=_where(inherits)))  # once more: a supervisor has chosen it
            doors.append(_networked("admin", settings.admin, inherits, ways["admin"], stack))
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
    settings: UnixListening, passed: socket | None, entrance: Entrance, environ: Mapping[str, str], stack: ExitStack
) -> Door:
    if passed:
        return Door(name="socket", socket=passed, hosts=LOCAL_HOSTS, entrance=entrance, inherited=True)
    path = settings.path or default_place(environ)
    made = stack.enter_context(unix_socket(path, settings))
    return Door(
        name="socket",
        socket=made.socket,
        hosts=LOCAL_HOSTS,
        entrance=entrance,
        path=path,
        withdraw=made.withdraw,
    )


def _tcp_door(settings: TCPListening, passed: socket | None, entrance: Entrance, stack: ExitStack) -> Door:
    door = _networked("tcp", settings.listen, passed, entrance, stack)
    check_callers(replace(settings, listen=door.address))  # once more: a supervisor may have chosen this address
    return door


def _networked(
    name: ListenerName, address: Address, passed: socket | None, entrance: Entrance, stack: ExitStack
) -> Door:
    listening = passed or stack.enter_context(tcp_socket(address))
    where = _where(listening)
    return Door(
        name=name,
        socket=listening,
        hosts=hosts_of(where) | hosts_of(replace(address, port=where.port)),
        entrance=entrance,
        everywhere=_everywhere(where),
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
