"""Whom the kernel names at the other end of a Unix socket: who had it opened, as it was then."""

from __future__ import annotations

import socket
import struct
import sys
from typing import Final

_UCRED: Final = "iII"  # pid, uid, gid: unix(7)
_SOL_LOCAL, _LOCAL_PEERCRED, _LOCAL_PEERPID = 0, 1, 2  # of macOS's <sys/un.h>
_XUCRED_BYTES: Final = 76  # of its <sys/ucred.h>: version, uid, number of groups, groups


def peer_user(connection: socket.socket) -> tuple[int, int, int]:
    """Return the ids of user, process and group; raises ``OSError`` where the kernel knows them no more.

    A process of another namespace is 0.
    """
    if sys.platform == "linux":
        found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(_UCRED))
        pid, uid, gid = struct.unpack(_UCRED, found)
    else:
        found = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED_BYTES)
        uid, _, gid = struct.unpack_from("=Ih2xI", found, 4)
        pid = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID)
    return uid, pid, gid
