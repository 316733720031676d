"""Which policy a host is reached with, as the sidecar says."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ocibroker.api import TLSData
from ocibroker.errors import ConnectionFailed
from ocibroker.origin import Origin
from ocibroker.pattern import Pattern
from ocibroker.remote.line import Line
from ocibroker.scratch import Scratch
from ocibroker.target import Target
from ocibroker.tls import EnvironProxies, Places, Proxy, Roots, TLSEntry, TLSPolicies, TLSPolicy
from ocibroker.tls.policies import Kept

_FRESH: Final = 5.0
"""Seconds after which the sidecar is asked again: as long as an exchanged authority goes unnoticed here."""
_MOST: Final = 1024


@dataclass(frozen=True, slots=True)
class _Known:
    entry: TLSEntry
    roots: Roots | None
    digest: str
    at: float


class SidecarPolicies(TLSPolicies):
    """Has ``line`` tell the one entry for a host, some seconds old at most; it holds on where nobody answers."""

    def __init__(
        self, line: Line, *, environ: Mapping[str, str], monotonic: Callable[[], float], scratch: Scratch
    ) -> None:
        super().__init__((), environ=environ, monotonic=monotonic, scratch=scratch, places=Places(()))
        self._line = line
        self._known: OrderedDict[Origin, _Known] = OrderedDict()
        self._own = EnvironProxies.from_environ(environ)

    def forked(self) -> None:
        """Begin anew in a child: files of authorities are its parent's, who removes them."""
        super().forked()
        self._known.clear()

    def at_hand(self, target: Target) -> bool:
        """Whether the sidecar need not be asked either."""
        known = self._known.get(target.origin)
        return known is not None and self._is_fresh(known) and super().at_hand(target)

    def policy(self, origin: Origin) -> TLSPolicy:
        """Return the host's policy, with the roots that stand for the system's where the sidecar runs."""
        policy, roots = super().policy(origin), self._told_of(origin).roots
        return replace(policy, roots=roots) if roots else policy

    def _entry(self, origin: Origin) -> TLSEntry:
        return self._told_of(origin).entry

    def _current(self, origin: Origin) -> Kept:
        self._told_of(origin)  # what is kept goes where the sidecar says something else by now
        return super()._current(origin)

    def _told_of(self, origin: Origin) -> _Known:
        known = self._known.get(origin)
        if known is not None and self._is_fresh(known):
            return known
        now = self._asked(origin, known)
        with self._lock:
            if known is not None and now.digest != known.digest:
                self._kept.pop(origin, None)
            self._known[origin] = now
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        return now

    def _is_fresh(self, known: _Known) -> bool:
        return self._monotonic() - known.at < _FRESH

    def _asked(self, origin: Origin, known: _Known | None) -> _Known:
        try:
            data = self._line.trust(origin.authority)
        except ConnectionFailed:
            if known is None:
                raise
            return replace(known, at=self._monotonic())
        return _Known(self._told(origin, data), self._roots_of(data), data.digest, self._monotonic())

    def _told(self, origin: Origin, data: TLSData) -> TLSEntry:
        policy = TLSPolicy(
            host=origin.authority,
            ca=self._authorities(data.ca),
            ca_only=data.ca_only,
            client_cert=Path(data.client_cert) if data.client_cert else None,
            client_key=Path(data.client_key) if data.client_key else None,
            min_version=data.min_version,
            proxy=self._proxy(data),
            insecure=data.insecure,
            plain_http=data.plain_http,
        )
        source = f"the sidecar at {self._line.path}"
        return TLSEntry(Pattern.parse(origin.authority), policy, source, no_proxy=None if data.proxy else ("*",))

    def _roots_of(self, data: TLSData) -> Roots | None:
        paths = [Path(path) for path in data.roots]
        folders = tuple(path for path in paths if path.is_dir())
        files = tuple(path for path in paths if path not in folders)
        return Roots(files, folders, f"the sidecar at {self._line.path}") if paths else None

    def _authorities(self, pem: str) -> tuple[Path, ...]:
        if not pem:
            return ()
        name = f"ca-{hashlib.sha256(pem.encode()).hexdigest()}.pem"
        return (self._scratch.write(name, pem),)

    def _proxy(self, data: TLSData) -> Proxy | None:
        """Return the proxy, with the password that this process's own environment has for it."""
        if data.proxy is None:
            return None
        told = Proxy.parse(data.proxy, f"the sidecar at {self._line.path}")
        same = (one for one in (self._own.https, self._own.http) if one and one.origin == told.origin)
        own = next(same, None) if data.proxy_auth else None
        return replace(told, username=own.username, password=own.password) if own else told
