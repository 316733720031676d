"""One plain request to a process of this machine, at a TCP port."""

from __future__ import annotations

from typing import Final, NamedTuple

import httpcore

from ocibroker.deadline import Deadline
from ocibroker.errors import ConnectionFailed, DeadlineExceeded, IntegrityError, OcibrokerError
from ocibroker.origin import Origin
from ocibroker.transport.network import DeadlineNetwork
from ocibroker.transport.route import direct

LARGEST: Final = 16 * 1024 * 1024
"""Bytes of an answer."""

_FAULTS: Final = (httpcore.NetworkError, httpcore.ProtocolError, OSError, OcibrokerError)
_LATE: Final = (httpcore.TimeoutException, TimeoutError, DeadlineExceeded)


class PlainAnswer(NamedTuple):
    """A status and a body."""

    status: int
    body: bytes


def ask_plainly(origin: Origin, place: str, deadline: Deadline) -> PlainAnswer:
    """Return the whole answer to a ``GET`` of ``place``; no proxy and no credential plays a part.

    Raises :class:`~ocibroker.errors.ConnectionFailed` where nobody answers in HTTP, or not in time, and
    :class:`~ocibroker.errors.IntegrityError` for too long an answer.
    """
    try:
        return _asked(origin, place, deadline)
    except IntegrityError:
        raise
    except _LATE:
        failure: OcibrokerError = DeadlineExceeded("did not answer in time", culprit=origin.authority)
    except _FAULTS:
        hint = "start `ocibroker serve` with an admin listener, or name its address by --admin"
        failure = ConnectionFailed("nobody answers", culprit=origin.authority, hint=hint)
    raise failure


def _asked(origin: Origin, place: str, deadline: Deadline) -> PlainAnswer:
    limits = {"pool": deadline.left(), "connect": deadline, "read": deadline, "write": deadline}
    url = httpcore.URL(scheme="http", host=origin.dial_host, port=origin.port, target=place)
    headers = [("Host", f"{origin.host}:{origin.port}")]
    with (
        httpcore.ConnectionPool(network_backend=DeadlineNetwork(direct, origin)) as pool,
        pool.stream("GET", url, headers=headers, extensions={"timeout": limits}) as answer,
    ):
        body = bytearray()
        for part in answer.iter_stream():
            body += part
            if len(body) > LARGEST:
                raise IntegrityError(f"an answer is longer than {LARGEST} bytes", culprit=origin.authority)
        return PlainAnswer(answer.status, bytes(body))
