"""Which policy a host is reached with."""

from __future__ import annotations

import copy
import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self

from ocibroker.errors import TLSConfigurationError
from ocibroker.origin import DEFAULT_PORT, Origin
from ocibroker.pattern import best
from ocibroker.scratch import Scratch
from ocibroker.target import ALIASES, Target
from ocibroker.tls.contents import Contents
from ocibroker.tls.discovery import discover, shadowed
from ocibroker.tls.entry import TLSEntry
from ocibroker.tls.places import Places
from ocibroker.tls.policy import TLSPolicy
from ocibroker.tls.proxy import EnvironProxies, goes_without
from ocibroker.tls.roots import Roots
from ocibroker.watch import Look, Watch, look

if TYPE_CHECKING:
    from ocibroker.tls.material import Material
    from ocibroker.trust import Trust

_MOST: Final = 1024
"""The most hosts whose material is kept: a crawl over many hosts must not grow without bound."""


@dataclass(slots=True, eq=False)
class Kept:
    """``material`` is none until the contents have been verified."""

    contents: Contents
    watch: Watch
    looked: tuple[Look, ...]
    material: Material | None = None


class TLSPolicies:
    """Finds the policy of a host and keeps its material until one of its files changes.

    The most specific entry wins whole; entries are never merged. A host without one is trusted by what other
    tools keep for it in ``places``, else by the system's roots alone.
    """

    def __init__(
        self,
        entries: Sequence[TLSEntry],
        *,
        environ: Mapping[str, str],
        monotonic: Callable[[], float],
        scratch: Scratch,
        places: Places | None = None,
    ) -> None:
        self._entries = tuple(entries)
        self._beside: tuple[TLSEntry, ...] = ()
        self._roots = Roots.from_environ(environ)
        self._proxies = EnvironProxies.from_environ(environ)
        self._monotonic = monotonic
        self._scratch = scratch
        self._places = Places.from_environ(environ) if places is None else places
        self._kept: dict[Origin, Kept] = {}
        self._digest = _digest(self._entries, self._roots, self._proxies)
        self._configured = _digest(self._entries)
        self._lock = threading.Lock()

    def forked(self) -> None:
        """Begin anew in a child, with what is known: another thread of its parent may have held the lock."""
        self._lock = threading.Lock()

    def trusting(self, host: str, trust: Trust) -> Self:
        """Return the same policies with what ``trust`` says of ``host``, unless an entry is for that host.

        Raises :class:`~ocibroker.errors.TLSConfigurationError`.
        """
        from ocibroker.tls.entrusted import entrusted  # here, since few providers say anything

        more = copy.copy(self)
        more._beside = (*self._beside, entrusted(host, trust, self._scratch))
        more._kept, more._lock = {}, threading.Lock()
        more._digest = _digest((*self._entries, *more._beside), self._roots, self._proxies)
        more._configured = _digest((*self._entries, *more._beside))
        return more

    @property
    def warnings(self) -> tuple[str, ...]:
        """What nobody should overlook of what is said beside the configuration."""
        return tuple(warning for entry in self._beside for warning in entry.warnings)

    def configured_by(self, origin: Origin) -> str:
        """Return where the entry for that host stands; empty where there is none."""
        entry = self._entry(origin)
        return entry.source if entry else ""

    @property
    def digest(self) -> str:
        """A digest of what is configured for all hosts together; of files and proxies only their names."""
        return self._digest

    @property
    def configured(self) -> str:
        """A digest of what the entries say, which is the same on every machine that has the same ones."""
        return self._configured

    def origin_of(self, target: Target) -> Origin:
        """Return where a connection for ``target`` goes: over plain HTTP only if an entry says so."""
        origin = target.origin
        if origin.scheme == "http" or not self.plain_http(origin):
            return origin
        port = DEFAULT_PORT["http"] if origin.port == DEFAULT_PORT["https"] else origin.port
        return Origin("http", origin.host, port)

    def plain_http(self, origin: Origin) -> bool:
        """Whether an entry allows that host to be spoken to in the clear."""
        entry = self._entry(origin)
        return entry is not None and entry.policy.plain_http

    def for_origin(self, origin: Origin) -> Material:
        """Return the material of the host's policy, at most a second older than its files.

        Raises :class:`~ocibroker.errors.TLSConfigurationError`.
        """
        kept = self._current(origin)
        if kept.material is None:
            from ocibroker.tls.material import Material

            try:
                kept.material = Material.verified(kept.contents)
            except TLSConfigurationError:
                self._forget(origin, kept)  # so that files which are mended are in force at once
                raise
        return kept.material

    def contents(self, origin: Origin) -> Contents:
        """Return what the files of the host's policy hold, at most a second older than them, and not verified.

        Raises :class:`~ocibroker.errors.TLSConfigurationError` for files that cannot be read.
        """
        return self._current(origin).contents

    def verified(self, origin: Origin) -> bool:
        """Whether the contents have been verified already."""
        return self._current(origin).material is not None

    def at_hand(self, target: Target) -> bool:
        """Whether the material of its host's policy is there, so that to look at it is quick."""
        kept = self._kept.get(self.origin_of(target))
        return kept is not None and kept.material is not None and kept.watch.seen() == kept.looked

    def _current(self, origin: Origin) -> Kept:
        kept = self._kept.get(origin)
        return self._load(origin) if kept is None or kept.watch.seen() != kept.looked else kept

    def _forget(self, origin: Origin, kept: Kept) -> None:
        with self._lock:
            if self._kept.get(origin) is kept:
                del self._kept[origin]

    def _load(self, origin: Origin) -> Kept:
        places = () if self._entry(origin) else self._places.watch(origin)
        before = look(places)  # before anything is read: a change in the meantime is a change
        policy = self.policy(origin)
        watch = Watch((*places, *policy.files), self._monotonic)
        looked = (*before, *watch.seen()[len(before) :])
        kept = Kept(Contents.read(policy), watch, looked)
        with self._lock:
            if len(self._kept) >= _MOST:
                self._kept.pop(next(iter(self._kept)))
            self._kept[origin] = kept
        return kept

    def policy(self, origin: Origin) -> TLSPolicy:
        """Return the host's policy, its files unread."""
        entry = self._entry(origin)
        if entry is None:
            return self._routed(self._discovered(origin), origin, None)
        password = entry.password() if entry.password else None
        policy = replace(
            entry.policy,
            host=origin.authority,
            client_key_password=password,
            roots=self._roots,
            scratch=self._scratch,
            sources=MappingProxyType({**entry.policy.sources, "entry": entry.source}),
            notes=shadowed(origin, self._places, entry.source),
        )
        return self._routed(policy, origin, entry.no_proxy)

    def _discovered(self, origin: Origin) -> TLSPolicy:
        found = discover(origin, self._places)
        certificate, key = found.client or (None, None)
        return TLSPolicy(
            host=origin.authority,
            ca=found.ca,
            client_cert=certificate,
            client_key=key,
            roots=self._roots,
            sources=found.sources,
            notes=found.notes,
            scratch=self._scratch,
        )

    def _routed(self, policy: TLSPolicy, origin: Origin, no_proxy: tuple[str, ...] | None) -> TLSPolicy:
        if no_proxy is not None and goes_without(origin, no_proxy):
            return replace(policy, proxy=None)
        proxy = policy.proxy or self._proxies.for_origin(origin, without=no_proxy)
        if proxy is None:
            return policy
        return replace(policy, proxy=proxy, sources=MappingProxyType({**policy.sources, "proxy": proxy.source}))

    def _entry(self, origin: Origin) -> TLSEntry | None:
        return _best(self._entries, origin) or _best(self._beside, origin)


def _best(entries: Sequence[TLSEntry], origin: Origin) -> TLSEntry | None:
    host = ALIASES.get(origin.host, origin.host)
    return best((one for one in entries if _covers(one, host, origin)), str(origin))


def _digest(entries: Sequence[TLSEntry], *more: object) -> str:
    said = [(one.pattern.text, {**one.policy.describe(), "sources": None}, one.no_proxy) for one in entries]
    return hashlib.sha256(repr((said, *more)).encode("utf-8", "surrogatepass")).hexdigest()


def _covers(entry: TLSEntry, host: str, origin: Origin) -> bool:
    # An entry with plain_http and no port is met before and after its target has become http://.
    defaults = {DEFAULT_PORT[origin.scheme], DEFAULT_PORT["https"] if entry.policy.plain_http else 0}
    return any(entry.pattern.matches(host, origin.port, default=default) for default in defaults if default)
