"""Sockets that a supervisor has bound and passed on (sd_listen_fds(3)).

It keeps them while the process is restarted, so that no connection is refused meanwhile. They are never unlinked.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Final, get_args

from ocibroker.errors import ConfigurationError
from ocibroker.sidecar.listener import ListenerName

_FIRST: Final = 3
_MOST: Final = 16


def inherited(environ: Mapping[str, str], pid: int) -> dict[ListenerName, socket.socket]:
    """Return the sockets that were passed to the process ``pid``, by the listener each is for.

    ``LISTEN_FDNAMES`` (``FileDescriptorName=`` of a unit) says ``tcp`` or ``admin``; a Unix socket needs no name.
    Raises :class:`~ocibroker.errors.ConfigurationError` for what is no listening socket, or names none.
    """
    if environ.get("LISTEN_PID") != str(pid):
        return {}
    count = _count(environ.get("LISTEN_FDS", ""))
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    found: dict[ListenerName, socket.socket] = {}
    for number in range(count):
        file = _FIRST + number
        one = _listening(file)
        name = _name(one, names[number] if number < len(names) else "", file)
        if name in found:
            raise _refused(file, f"is a second socket for the listener {name}", "pass one for each")
        found[name] = one
    return found


def _count(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 3 and int(text) <= _MOST:
        return int(text)
    raise ConfigurationError("is not a number of sockets", culprit="LISTEN_FDS", hint=f"pass at most {_MOST}")


def _listening(file: int) -> socket.socket:
    try:
        one = socket.socket(fileno=file)
        os.set_inheritable(file, False)  # noqa: FBT003  # its only argument
        one.setblocking(False)  # noqa: FBT003  # its only argument
        listens = bool(one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except OSError as error:
        raise _refused(file, f"is no socket: {error.strerror}", "see what has started the process") from None
    if not listens or one.type != socket.SOCK_STREAM:
        raise _refused(file, "is not a stream socket that listens", "write ListenStream= and Accept=no in the unit")
    if one.family == socket.AF_UNIX and not _has_path(one):
        why = "has no path, so that no mode and no folder keeps anybody out"
        raise _refused(file, why, "give it a path in the unit")
    return one


def _has_path(one: socket.socket) -> bool:
    name = one.getsockname()
    return isinstance(name, str) and name.startswith("/")


def _name(one: socket.socket, said: str, file: int) -> ListenerName:
    local = one.family == socket.AF_UNIX
    if local and said not in {"tcp", "admin"}:
        return "socket"
    for name in get_args(ListenerName):
        if name == said and not local and name != "socket":
            return "tcp" if name == "tcp" else "admin"
    raise _refused(file, f"is named {said!r}, which is no listener for it", "write FileDescriptorName=tcp or admin")


def _refused(file: int, why: str, hint: str) -> ConfigurationError:
    return ConfigurationError(why, culprit=f"file descriptor {file} of LISTEN_FDS", hint=hint)
