"""One door of the sidecar: who may come in, and what for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from ocibroker.sidecar.peer import Peer

ListenerName = Literal["socket", "tcp", "admin"]


class Admission(Protocol):
    """Decides about a request before its body is read."""

    def __call__(self, peer: Peer, authorization: bytes | None) -> bool:
        """Whether that peer, with that ``Authorization`` header or none, may ask; compares in constant time."""
        ...


def everybody(peer: Peer, authorization: bytes | None) -> bool:
    """Admit whom the kernel or the handshake has let in already."""
    return True


def users(uids: frozenset[int]) -> Admission:
    """Return who admits the callers of a Unix socket whose user is one of ``uids``."""

    def admits(peer: Peer, authorization: bytes | None) -> bool:
        return peer.uid in uids

    return admits


def nobody(peer: Peer, authorization: bytes | None) -> bool:
    """Admit none."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """``hosts`` are the values of ``Host`` that are answered, with their port; lower case.

    With ``everywhere`` it listens at all addresses of the machine, and any of them with that port will do too: a
    name may be bound to another machine's address, an address may not. It decides nothing about connections:
    whoever may not connect never reaches it. ``administers`` decides who of those it ``admits`` may act on the
    sidecar itself.
    """

    name: ListenerName
    hosts: frozenset[str]
    everywhere: int | None = None
    admits: Admission = everybody
    administers: Admission = nobody
