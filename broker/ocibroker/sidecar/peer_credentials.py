"""Whom the kernel names as the caller of a Unix socket: who made the connection, as it was then."""

from __future__ import annotations

import socket
import struct
import sys
from typing import Final

from ocibroker.sidecar.peer import Peer

_UCRED: Final = "iII"  # pid, uid, gid: unix(7)
_SOL_LOCAL, _LOCAL_PEERCRED, _LOCAL_PEERPID = 0, 1, 2  # of macOS's <sys/un.h>
_XUCRED_BYTES: Final = 76  # of its <sys/ucred.h>; the uid is the second number


def caller(connection: socket.socket) -> Peer:
    """Return the caller's user and process; raises ``OSError`` where the kernel does not know them any more."""
    if sys.platform == "linux":
        size = struct.calcsize(_UCRED)
        pid, uid, _ = struct.unpack(_UCRED, connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    else:
        found = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED_BYTES)
        uid = struct.unpack_from("=I", found, 4)[0]
        pid = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID)
    return Peer(uid=uid, pid=pid or None)  # 0: a process of another namespace
