"""The audit trail: every deed, with who asked and when, to a file or stream and to observers."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from ocibroker.audit import AuditFile, AuditRecord, Channel, Lines
from ocibroker.clock import Clock
from ocibroker.config import Config, located
from ocibroker.config.audit_key import read_audit_key
from ocibroker.config.sidecar import STDOUT
from ocibroker.credential import Anonymous, kind
from ocibroker.events import Report
from ocibroker.hookspecs import AuditObserver
from ocibroker.secret import Secret
from ocibroker.sidecar.deed import Deed
from ocibroker.sidecar.door import nothing
from ocibroker.sidecar.listener import ListenerName
from ocibroker.sidecar.peer import Peer

_OUT: Final = 1
_SHOWN: Final = 32
"""Hexadecimal digits of a fingerprint, of 64."""

Fingerprint = Callable[[Secret], str]


@dataclass(frozen=True, slots=True)
class _Told:
    at: datetime
    listener: ListenerName
    peer: Peer
    deed: Deed


class Trail:
    """Tells each of ``channels``; closing it has them take what waits."""

    def __init__(self, channels: Sequence[Channel[_Told]], clock: Clock, reopen: Callable[[], None]) -> None:
        self._channels, self._clock = channels, clock
        self.reopen: Final = reopen

    def __call__(self, listener: ListenerName, peer: Peer, deed: Deed) -> None:
        """Have ``deed`` recorded: it costs the time to put it down, whoever reads it."""
        if self._channels:
            told = _Told(self._clock.now(), listener, peer, deed)
            for channel in self._channels:
                channel.put(told)

    def lost(self) -> Iterator[tuple[str, int]]:
        """Yield how many records each of them has lost."""
        for channel in self._channels:
            yield channel.name, channel.lost

    def close(self) -> None:
        """Have all taken that waits, for at most two seconds each."""
        for channel in self._channels:
            channel.close()


@contextmanager
def open_trail(config: Config, *, environ: Mapping[str, str], clock: Clock, report: Report) -> Iterator[Trail]:
    """Yield the trail to where ``config`` says and to the observers of its plugins; at the end all is written.

    Raises :class:`~ocibroker.errors.ConfigurationError` for a file that cannot be written or that others may write,
    and for a key that cannot be read.
    """
    settings = config.sidecar
    key = read_audit_key(config, environ)
    fingerprint = _unknown if key is None else partial(_fingerprint, key)
    with ExitStack() as stack:
        channels, reopen = list[Channel[_Told]](), nothing
        if isinstance(settings.audit, Path):
            with located(config.path, "sidecar.audit"):
                file = AuditFile(settings.audit, clock.monotonic)
            stack.callback(file.close)
            reopen = file.reopen
            channels.append(Channel("file", partial(_write, file.write, fingerprint), report))
        elif settings.audit == STDOUT:
            channels.append(Channel(STDOUT, partial(_write, Lines(_OUT).write, fingerprint), report))
        for name, observer in _observers(config.providers.observers):
            channels.append(Channel(name, partial(_tell, observer, fingerprint), report))
        trail = Trail(channels, clock, reopen)
        stack.callback(trail.close)
        yield trail


def _observers(plugins: Mapping[str, tuple[AuditObserver, ...]]) -> Iterator[tuple[str, AuditObserver]]:
    """Yield each with a name that says whose it is."""
    for plugin, observers in plugins.items():
        for number, observer in enumerate(observers, start=1):
            yield f"plugin {plugin}" if len(observers) == 1 else f"plugin {plugin} {number}", observer


def _write(write: Callable[[bytes], None], fingerprint: Fingerprint, told: Sequence[_Told]) -> int:
    write(b"".join(_ENCODER.encode(_record(one, fingerprint)) + b"\n" for one in told))
    return len(told)


def _tell(observer: AuditObserver, fingerprint: Fingerprint, told: Sequence[_Told]) -> int:
    """Tell of each; what one is too much for it, the next need not be."""
    taken = 0
    for one in told:
        with suppress(BaseException):  # whatever it is, it is not the callers'
            observer.observe(_record(one, fingerprint))
            taken += 1
    return taken


def _record(told: _Told, fingerprint: Fingerprint) -> AuditRecord:
    peer, deed = told.peer, told.deed
    known = None if deed.credential is None or isinstance(deed.credential, Anonymous) else deed.credential
    return AuditRecord(
        time=told.at,
        event=deed.event,
        outcome=deed.outcome,
        listener=told.listener,
        uid=peer.uid,
        pid=peer.pid,
        gid=peer.gid,
        address=peer.address,
        names=tuple(sorted(peer.names)),
        claimed=deed.claimed,
        endpoint=deed.endpoint,
        action=deed.action,
        target=str(deed.target),
        actions=() if isinstance(deed.target, str) else deed.target.actions,
        provider=deed.provider,
        identity=deed.identity,
        kind=kind(deed.credential) if deed.credential else "",
        expires_at=known.expires_at if known else None,
        fingerprint=fingerprint(known.secret) if known else "",
        error=deed.error,
    )


def _fingerprint(key: Secret, secret: Secret) -> str:
    return hmac.digest(key.reveal().encode(), secret.reveal().encode(), "sha256").hex()[:_SHOWN]


def _unknown(secret: Secret) -> str:
    return ""


_ENCODER: Final = msgspec.json.Encoder()
