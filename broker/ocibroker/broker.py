"""match → cache → fetch → pair."""

from __future__ import annotations

import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self, TypeVar

from ocibroker.access import Access
from ocibroker.answers import Answer, Answers
from ocibroker.auth import DistributionAuth, Granting, PostRefusals, Realms
from ocibroker.cache import FileStore, Store, cache_folder, cache_key, options_digest
from ocibroker.clock import Clock, SystemClock
from ocibroker.config import Config, StoreName, load_config
from ocibroker.credential import Anonymous, Credential
from ocibroker.credential_source import BrokerSource, Given
from ocibroker.errors import UsageError, WrongScheme
from ocibroker.events import Observe, Report
from ocibroker.exchanging import TokenProvider, exchanging
from ocibroker.explanation import Explanation, explain
from ocibroker.fetching import Fetching, Means
from ocibroker.identity import Identity
from ocibroker.inquiry import Inquiry
from ocibroker.origin import Origin
from ocibroker.providers import Providers
from ocibroker.recall import Recall
from ocibroker.request import Caller
from ocibroker.scratch import Scratch
from ocibroker.selection import Selection, select
from ocibroker.socket_place import socket_places
from ocibroker.target import PULL, Target
from ocibroker.tls import Material, TLSPolicies, TLSPolicy
from ocibroker.transport import (
    CallerTransport,
    CallerWire,
    ObservedWire,
    PairedTransport,
    Pools,
    Retry,
    RetryingWire,
    Route,
    direct,
    own,
)
from ocibroker.upkeep import Upkeep
from ocibroker.watch import Watch

if TYPE_CHECKING:
    from ocibroker.remote import Sidecar

_LOG: Final = logging.getLogger("ocibroker")
_MOST: Final = 4096
"""Targets and identities that are remembered."""


@dataclass(frozen=True, slots=True)
class _Way:
    """How an access comes about: with the credential whole, or with a token that was got for it."""

    answers: Answers
    recall: Recall
    inquire: Callable[[Target, Caller | None], Inquiry]

    def source(self, target: Target, caller: Caller | None, min_ttl: float, deadline: float) -> BrokerSource:
        return BrokerSource(self.answers, lambda: self.inquire(target, caller), min_ttl, deadline)


class Broker:
    """Answers, for any registry: who am I there, and how do I talk to it.

    Safe for threads, and for tasks by :meth:`access_async`. It owns connections and workers: use it as a context
    manager, one for the life of a program. All its errors are :class:`~ocibroker.errors.OcibrokerError`.
    """

    def __init__(
        self,
        config: Config,
        *,
        environ: Mapping[str, str],
        clock: Clock | None = None,
        route: Route = direct,
        ahead: bool = True,
        store: Store | None = None,
        sidecar: Sidecar | None = None,
        observe: Observe | None = None,
        withheld: frozenset[str] = frozenset(),
        before: Broker | None = None,
    ) -> None:
        self.config: Final = config
        environ = MappingProxyType(dict(environ))  # read once: what is remembered depends on it
        self._clock = clock or SystemClock()
        self._scratch = Scratch()
        self._sidecar = sidecar
        trusting = TLSPolicies if sidecar is None else sidecar.policies
        self._policies = trusting(
            config.tls, environ=environ, monotonic=self._clock.monotonic, scratch=self._scratch
        )
        self._pools = Pools(self._policies, route)
        self._retry = Retry(self._clock)
        report = Report(observe)
        self._wire = RetryingWire(ObservedWire(self._pools, report, self._clock.monotonic), self._retry)
        self._means = Means(environ, self._clock, self._policies, self._wire, withheld)
        self._select: Callable[[Target], Selection]
        self._select = lru_cache(_MOST)(lambda target: select(target, config.rules, config.providers))
        self._watches: OrderedDict[Identity, Watch] = OrderedDict()
        self._auths: OrderedDict[tuple[Target, str, tuple[str, ...]], DistributionAuth] = OrderedDict()
        known: Answers | None = before._answers if before else None
        self._answers: Answers = Answers(self._clock, store=store, ahead=ahead, report=report, before=known)
        self.upkeep: Final = Upkeep(self._answers, self._inquire)
        narrow: Answers | None = before._narrow.answers if before else None
        # As all tokens of registries these are in memory only.
        tokens = Answers(self._clock, ahead=ahead, report=report, before=narrow)
        self._whole = _Way(self._answers, Recall(self._answers, self._policies), self._inquire)
        self._narrow: _Way = _Way(tokens, Recall(tokens, self._policies), self._inquire_token)
        self._refusals = PostRefusals()
        self._closed = False
        self._warn_of_broken_plugins()
        self._warn_of_weakened_hosts()

    @classmethod
    def from_config(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        environ: Mapping[str, str] = os.environ,
        clock: Clock | None = None,
        route: Route = direct,
        plugins: Iterable[object] = (),
        ahead: bool = True,
        store: StoreName = "memory",
        observe: Observe | None = None,
        withheld: frozenset[str] = frozenset(),
        before: Broker | None = None,
    ) -> Self:
        """Return a broker of the configuration at ``path``, else where it is usually found.

        ``route`` maps a host and port to where they are really dialled, as curl's ``--connect-to``. ``plugins``
        are modules that implement the hook and need not be installed. Without ``ahead`` nothing is renewed before
        it must be: for a program that is about to end. ``store`` is where what expires is kept if the configuration
        says nothing. ``observe`` is told of every event. Variables ``withheld`` are read where the configuration
        refers to them, and nobody else gets them. What the broker ``before`` remembers is shared with it.
        Raises :class:`~ocibroker.errors.ConfigurationError`.
        """
        config = load_config(path, environ, plugins=plugins)
        in_files = (config.store or store) == "file" and os.name == "posix"
        kept = FileStore(cache_folder(environ)) if in_files else None
        return cls(
            config,
            environ=environ,
            clock=clock,
            route=route,
            ahead=ahead,
            store=kept,
            observe=observe,
            withheld=withheld,
            before=before,
        )

    @classmethod
    def connect(
        cls,
        socket: str | os.PathLike[str] | None = None,
        *,
        environ: Mapping[str, str] = os.environ,
        clock: Clock | None = None,
        route: Route = direct,
    ) -> Self:
        """Return a broker that has the sidecar at ``socket`` answer, and connects to registries itself.

        Without ``socket`` it is the one that :func:`ocibroker.socket_place.socket_places` names first and that is
        there; none is a :class:`~ocibroker.errors.UsageError`. The sidecar is asked when it is needed. Its
        configuration decides about credentials and TLS; of the environment the system's roots count, and a proxy's
        password.
        """
        from ocibroker.remote import Sidecar  # a broker with a configuration of its own needs none of it

        sidecar = Sidecar(_socket(environ) if socket is None else os.fspath(socket))
        return cls(sidecar.config, environ=environ, clock=clock, route=route, ahead=False, sidecar=sidecar)

    def access(
        self,
        target: str | Target,
        *,
        actions: tuple[str, ...] = PULL,
        min_ttl: float = 60.0,
        deadline: float = 30.0,
        caller: Caller | None = None,
        transport: CallerTransport | None = None,
        fresh: bool = False,
        exchange: bool = False,
        refused: Credential | None = None,
    ) -> Access:
        """Return the credential for ``target`` as of now, and the transport that goes with it.

        ``min_ttl`` is how many seconds of life a credential must have left, ``deadline`` how many seconds to
        wait for it in total. ``transport`` replaces the broker's connections by the caller's own. ``fresh`` has the
        provider asked, whatever is remembered; so does ``refused``, a credential that a registry has just turned
        down, if it is what would be given. With ``exchange`` a token of the registry's, for the target's repository
        and ``actions`` and nothing else, takes the credential's place.
        """
        way = self._narrow if exchange else self._whole
        plain = caller is None and transport is None and refused is None and isinstance(target, str | Target)
        name = (target, tuple(actions), min_ttl, deadline)
        if plain and not fresh and (again := way.recall.get(name)) is not None:
            return again
        mark = own(transport)
        source = way.source(_target(target, actions), caller, min_ttl, deadline)
        inquiry = source.inquire()
        if refused is None:
            answering, answer = source.answer(inquiry, fresh=fresh)
        else:
            answering, answer = source.instead(inquiry, refused)
        access = self._pair(answering, answer, source, mark)
        if plain and answering is inquiry:
            way.recall.keep(name, access, inquiry, source.demand)
        return access

    async def access_async(
        self,
        target: str | Target,
        *,
        actions: tuple[str, ...] = PULL,
        min_ttl: float = 60.0,
        deadline: float = 30.0,
        caller: Caller | None = None,
        transport: CallerTransport | None = None,
        exchange: bool = False,
        refused: Credential | None = None,
    ) -> Access:
        """Return the same as :meth:`access` without blocking the event loop for a fetch."""
        way = self._narrow if exchange else self._whole
        plain = caller is None and transport is None and refused is None and isinstance(target, str | Target)
        name = (target, tuple(actions), min_ttl, deadline)
        if plain and (again := way.recall.get(name)) is not None:
            return again
        mark = own(transport)
        source = way.source(_target(target, actions), caller, min_ttl, deadline)
        inquiry = source.inquire()
        answering, answer = await source.instead_async(inquiry, refused)
        access = self._pair(answering, answer, source, mark)
        if plain and answering is inquiry:
            way.recall.keep(name, access, inquiry, source.demand)
        return access

    def present(
        self, target: str | Target, credential: Credential | Anonymous, *, actions: tuple[str, ...] = PULL
    ) -> Access:
        """Return access to ``target`` with a credential of the caller's own: no provider is asked for one.

        Nothing of it is remembered. For trying a credential before it is stored.
        """
        wanted = _target(target, actions)
        origin, selection = self._origin(wanted), self._select(wanted)
        auth = DistributionAuth(wanted, self._granting(origin, selection, "none"), self._clock)
        return Access(
            target=wanted,
            origin=origin,
            credential=credential,
            provider=None,
            why="the caller's own",
            tls=self._policies.for_origin(origin).policy,
            transport=PairedTransport(origin, self._wire, Given(credential), auth.flow),
        )

    def explain(self, target: str | Target, *, caller: Caller | None = None) -> Explanation:
        """Return the whole way of a request for ``target``; the network is not touched."""
        wanted = _target(target, None)
        return explain(wanted, self._policies, lambda: self._inquire(wanted, caller), self._answers)

    def material(self, access: Access) -> Material:
        """Return the policy of an access's host with what its files hold now.

        Raises :class:`~ocibroker.errors.TLSConfigurationError`.
        """
        return self._policies.for_origin(access.origin)

    def policy(self, target: Target) -> TLSPolicy:
        """Return how the host of ``target`` is reached and trusted; its files are unread."""
        return self._policies.policy(self._origin(target))

    @property
    def providers(self) -> Providers:
        """The providers that may answer, and those that could not be loaded."""
        return self.config.providers

    async def aclose(self) -> None:
        """Do the same, and close what belongs to the running event loop."""
        await self._wire.rest()
        self.close()

    def close(self) -> None:
        """Close connections and remove temporary files."""
        self._closed = True
        self._whole.recall.close()
        self._narrow.recall.close()
        self._pools.close()
        if self._sidecar is not None:
            self._sidecar.close()
        self._scratch.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _origin(self, target: Target) -> Origin:
        if self._closed:
            raise UsageError("the broker is closed", culprit=str(target), hint="ask within its `with` block")
        origin = self._policies.origin_of(target)
        if origin.scheme == "http" and not self._policies.plain_http(origin):
            raise WrongScheme(
                "plain HTTP is not allowed", culprit=str(target), hint="set plain_http in its [[tls]]"
            )
        return origin

    def _inquire(self, target: Target, caller: Caller | None) -> Inquiry:
        return self._inquiry(target, self._origin(target), self._select(target), caller)

    def _inquiry(self, target: Target, origin: Origin, selection: Selection, caller: Caller | None) -> Inquiry:
        material, otherwise = self._policies.for_origin(origin), selection.otherwise
        if selection.provider is None or selection.options is None:
            return Inquiry(target=target, origin=origin, selection=selection, material=material)
        fetching = Fetching(
            provider=selection.provider, target=target, options=selection.options, caller=caller, means=self._means
        )
        identity = fetching.identity()
        digest = options_digest(selection.options)
        watch = self._watch(identity)
        looks = watch.seen() if watch else ()
        trust = material.digest if identity.host_bound else self._policies.digest
        return Inquiry(
            target=target,
            origin=origin,
            selection=selection,
            material=material,
            fetching=fetching,
            identity=identity,
            key=cache_key(selection.provider.name, digest, identity, looks, trust),
            watch=watch,
            looks=looks,
            otherwise=(lambda: self._inquiry(target, origin, otherwise, caller)) if otherwise else None,
        )

    def _inquire_token(self, target: Target, caller: Caller | None) -> Inquiry:
        if not target.path:
            raise UsageError("names no repository to get a token for", culprit=str(target))
        inquiry = self._inquire(target, caller)
        if inquiry.fetching is None:
            return inquiry
        granting = self._granting(inquiry.origin, inquiry.selection, inquiry.provider or "none")
        whole = partial(self._whole.source, target, caller, 0.0)
        return exchanging(inquiry, TokenProvider(inquiry.origin, self._wire, granting, whole), self._means)

    def _watch(self, identity: Identity) -> Watch | None:
        if not identity.watch:
            return None
        if (known := self._watches.get(identity)) is not None:
            return known
        return _keep(self._watches, identity, Watch(identity.watch, self._clock.monotonic))

    def _pair(self, inquiry: Inquiry, answer: Answer, source: BrokerSource, mark: CallerTransport | None) -> Access:
        wire = self._wire if mark is None else RetryingWire(CallerWire(mark), self._retry)
        selection = inquiry.selection if self._sidecar is None else self._sidecar.learned(inquiry)
        nobody = selection.provider is None or (selection.last and isinstance(answer, Anonymous))
        return Access(
            target=inquiry.target,
            origin=inquiry.origin,
            credential=answer,
            provider=None if nobody or selection.provider is None else selection.provider.name,
            why=selection.why,
            tls=inquiry.material.policy,
            transport=PairedTransport(inquiry.origin, wire, source, self._auth(inquiry, selection).flow),
        )

    def _auth(self, inquiry: Inquiry, selection: Selection) -> DistributionAuth:
        """Return who answers the registry's challenges: the same for the same target and identity."""
        name = (inquiry.target, inquiry.key, selection.realms)
        if (known := self._auths.get(name)) is not None:
            return known
        granting = self._granting(inquiry.origin, selection, inquiry.provider or "none")
        return _keep(self._auths, name, DistributionAuth(inquiry.target, granting, self._clock))

    def _granting(self, origin: Origin, selection: Selection, provider: str) -> Granting:
        return Granting(Realms(origin, selection.realms), self._refusals, provider)

    def _warn_of_broken_plugins(self) -> None:
        for error in self.providers.broken.values():
            _LOG.warning("%s", error)

    def _warn_of_weakened_hosts(self) -> None:
        for entry in self.config.tls:
            for what, weakened in (("insecure", entry.policy.insecure), ("plain_http", entry.policy.plain_http)):
                if weakened:
                    _LOG.warning("%s is set for %s (%s)", what, entry.pattern, entry.source)


def _target(target: str | Target, actions: tuple[str, ...] | None) -> Target:
    if not isinstance(target, str | Target):
        raise UsageError(f"a {type(target).__name__} is no target", hint="write registry/repository")
    parsed = target if isinstance(target, Target) else Target.parse(target)
    # A target that was made for more than the default keeps what it was made for.
    return parsed if actions is None or actions == PULL else parsed.doing(actions)


def _socket(environ: Mapping[str, str]) -> str:
    places = socket_places(environ)
    for place in places:
        if place.exists():
            return str(place)
    where = " and ".join(map(str, places)) or "none is wanted"
    raise UsageError(f"there is no socket of a sidecar: {where}", culprit="connect()", hint="run `ocibroker serve`")


K = TypeVar("K")
V = TypeVar("V")


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> V:
    kept[key] = value
    if len(kept) > _MOST:
        kept.popitem(last=False)
    return value
