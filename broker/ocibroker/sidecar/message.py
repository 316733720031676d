"""One request to the sidecar, and its reply; whole, since all of them are small."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from ocibroker.sidecar.deed import Deed
from ocibroker.sidecar.listener import Listener
from ocibroker.sidecar.peer import Peer

JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What has come in, after the guard has let it pass. Names of ``headers`` are lower case, none occurs twice.

    ``query`` is what stands behind the path, as it came.
    """

    listener: Listener
    peer: Peer
    method: str
    path: str
    query: bytes = b""
    headers: Mapping[bytes, bytes]
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What goes out. ``body`` may hold a secret; ``deeds`` say what it gives, for who audits that."""

    status: int = 200
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    deeds: tuple[Deed, ...] = field(default=(), repr=False)


Endpoint = Callable[[Call], Awaitable[Reply]]
"""Answers one kind of call; raises :class:`~ocibroker.errors.OcibrokerError` only."""
