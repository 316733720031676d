"""match → cache → fetch → pair."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self

from ocibroker.access import Access
from ocibroker.answers import Answers
from ocibroker.cache import FileStore, Store, cache_folder, open_shared
from ocibroker.children import begin_anew_in_children
from ocibroker.choosing import Choosing
from ocibroker.clock import Clock, SystemClock
from ocibroker.config import Config, load_config
from ocibroker.credential import Anonymous, Credential
from ocibroker.credential_source import BrokerSource
from ocibroker.deadline import number
from ocibroker.demand import Answer
from ocibroker.errands import Errand, Errands
from ocibroker.errors import UsageError
from ocibroker.events import Observe, Report
from ocibroker.footings import Footings
from ocibroker.inquiries import Inquiries
from ocibroker.inquiry import Inquiry
from ocibroker.means import Means
from ocibroker.pairs import Pairs
from ocibroker.providers import Providers
from ocibroker.recall import Recall
from ocibroker.request import Caller
from ocibroker.scratch import Scratch
from ocibroker.target import PULL, Target
from ocibroker.tls import TLSPolicies
from ocibroker.transport.connections import Connections
from ocibroker.transport.route import Route, direct
from ocibroker.trusted_connections import TrustedConnections
from ocibroker.way import Way

if TYPE_CHECKING:
    from ocibroker.config import StoreName
    from ocibroker.explanation import Explanation
    from ocibroker.remote import Sidecar
    from ocibroker.ssh_key import SSHKey
    from ocibroker.tls import Material, TLSPolicy
    from ocibroker.transport import CallerTransport
    from ocibroker.upkeep import Upkeep

_LOG: Final = logging.getLogger("ocibroker")
_PATIENCE: Final = 10.0
"""Seconds for what says how a host is trusted, where nobody says how long it may take."""


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
        report = Report(observe)
        presented = before._connections.presented if before else None
        self._connections: Connections = Connections(
            self._policies, route, self._clock, report, presented=presented
        )
        self._pairs = Pairs(self._connections, self._clock)
        self._trusted = TrustedConnections(self._connections)
        self._means = Means(environ, self._clock, self._policies, self._connections, withheld, self._trusted.of)
        self._choosing = Choosing(config, self._means)
        self._errands = Errands()
        self._footings = Footings(self._connections, self._trusted, self._choosing, self._errands)
        kept = store or self._shared_store(route)
        whole: Answers | None = before._whole.answers if before else None
        narrow: Answers | None = before._narrow.answers if before else None
        # A key tells of its own host's trust; a token endpoint's may have been what was wrong.
        mended = before is not None and before._policies.digest != self._policies.digest
        answers = Answers(self._clock, store=kept, ahead=ahead, report=report, before=whole, mended=mended)
        # As all tokens of registries these are in memory only.
        tokens = Answers(self._clock, ahead=ahead, report=report, before=narrow, mended=mended)
        self._inquiries = made = Inquiries(self._choosing, self._footings, answers.known)
        self._whole: Way = Way(
            answers, Recall(answers), made.inquire, made.inquire_for_what_is_there, made.preparation
        )
        self._narrow: Way = Way(tokens, Recall(tokens), self._inquire_token, self._inquire_token, made.preparation)
        begin_anew_in_children(self)
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
        in_files = config.shared is None and (config.store or store) == "file" and os.name == "posix"
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
        mark = _own(transport)
        wanted = _target(target, actions)
        source = way.source(wanted, caller, min_ttl, self._footings.settle(wanted, caller, deadline))
        inquiry = way.at_first(wanted, caller)
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
        fresh: bool = False,
        exchange: bool = False,
        refused: Credential | None = None,
    ) -> Access:
        """Return the same as :meth:`access` without blocking the event loop for a fetch."""
        way = self._narrow if exchange else self._whole
        plain = caller is None and transport is None and refused is None and isinstance(target, str | Target)
        name = (target, tuple(actions), min_ttl, deadline)
        if plain and not fresh and (again := way.recall.get(name)) is not None:
            return again
        mark = _own(transport)
        wanted = _target(target, actions)
        source = way.source(wanted, caller, min_ttl, await self._footings.settle_async(wanted, caller, deadline))
        inquiry = await source.inquire_async()
        if refused is None:
            answering, answer = await source.answer_async(inquiry, fresh=fresh)
        else:
            answering, answer = await source.instead_async(inquiry, refused)
        access = self._pair(answering, answer, source, mark)
        if plain and answering is inquiry:
            way.recall.keep(name, access, inquiry, source.demand)
        return access

    def given(
        self, target: Target, *, min_ttl: float = 60.0, deadline: float = 30.0, exchange: bool = False
    ) -> Access | None:
        """Return what :meth:`access` gave before, if it would give the same now; nobody is asked."""
        way = self._narrow if exchange else self._whole
        return way.recall.get((target, PULL, min_ttl, deadline))

    def present(
        self, target: str | Target, credential: Credential | Anonymous, *, actions: tuple[str, ...] = PULL
    ) -> Access:
        """Return access to ``target`` with a credential of the caller's own: no provider is asked for one.

        Nothing of it is remembered. For trying a credential before it is stored.
        """
        from ocibroker.given import Given  # here, since only a login tries one

        wanted = _target(target, actions)
        origin, footing = self._inquiries.reach(wanted)
        realms = self._choosing.selection(wanted, None).realms
        return Access(
            target=wanted,
            origin=origin,
            credential=credential,
            provider=None,
            why="the caller's own",
            tls=footing.policies.for_origin(origin).policy,
            transport=self._pairs.of_credential(wanted, origin, footing, realms, Given(credential)),
        )

    def explain(self, target: str | Target, *, caller: Caller | None = None) -> Explanation:
        """Return the whole way of a request for ``target``; the network is not touched."""
        from ocibroker.explanation import explain  # only a person asks, and an answer need not wait for it

        wanted = _target(target, None)
        return explain(
            wanted,
            lambda: self._footings.explained(wanted, caller),
            lambda: self._whole.inquire(wanted, caller),
            self._whole.answers.known,
            self._connections.limits,
        )

    def ssh_key(
        self, target: str | Target, *, deadline: float = 30.0, caller: Caller | None = None
    ) -> SSHKey | None:
        """Return the key with which ``target`` is reached over SSH, or none where its rule's provider has none.

        Nothing of it is remembered.
        """
        wanted = _target(target, None)
        if (asked := self._choosing.offering("ssh_key", wanted, caller)) is None:
            return None
        errand = Errand.of("ssh_key", asked, asked.ssh_key)
        key: SSHKey | None = self._errands.run(errand, self._whole.answers.deadline(number("deadline", deadline)))
        return key

    def material(self, access: Access) -> Material:
        """Return the policy of an access's host with what its files hold now.

        Raises :class:`~ocibroker.errors.TLSConfigurationError`.
        """
        policies = self._footings.of(access.target, None).policies
        material = policies.for_origin(access.origin)
        return material if material.policy == access.tls else access.tls.load()

    def policy(self, target: Target) -> TLSPolicy:
        """Return how the host of ``target`` is reached and trusted; its files are unread.

        It waits for who says that, where it is not the configuration.
        """
        self._footings.settle(target, None, _PATIENCE)
        origin, footing = self._inquiries.reach(target)
        return footing.policies.policy(origin)

    @property
    def weakened(self) -> int:
        """How many hosts are reached with ``insecure`` or over plain HTTP, entries of the configuration counted."""
        configured = sum(one.policy.insecure or one.policy.plain_http for one in self.config.tls)
        return configured + self._footings.weakened

    @property
    def upkeep(self) -> Upkeep:
        """What is done for targets that are to have a credential at any time."""
        from ocibroker.upkeep import Upkeep  # here, since only a process that serves needs it

        return Upkeep(self._whole.answers, self._whole.inquire, self._connections.presented)

    @property
    def environ(self) -> Mapping[str, str]:
        """The variables that it was made with, as programs get them."""
        return self._means.shown

    @property
    def clock(self) -> Clock:
        """The clock by which credentials expire."""
        return self._clock

    @property
    def providers(self) -> Providers:
        """The providers that may answer, and those that could not be loaded."""
        return self.config.providers

    def forked(self) -> None:
        """Begin anew in a child that was forked: with connections, workers and locks of its own."""
        reaching = (self._scratch, self._policies, self._connections, self._trusted, self._errands, self._footings)
        for part in (*reaching, self._inquiries, self._whole, self._narrow):
            part.forked()
        if self._sidecar is not None:
            self._sidecar.forked()

    async def aclose(self) -> None:
        """Do the same, and close what belongs to the running event loop."""
        await self._connections.rest()
        await self._trusted.rest()
        self.close()

    def close(self) -> None:
        """Close connections and remove temporary files."""
        self._inquiries.close()
        self._whole.close()
        self._narrow.close()
        self._trusted.close()
        self._connections.close()
        if self._sidecar is not None:
            self._sidecar.close()
        self._scratch.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _inquire_token(self, target: Target, caller: Caller | None) -> Inquiry:
        if not target.path:
            raise UsageError("names no repository to get a token for", culprit=str(target))
        return self._exchanged(lambda: self._whole.inquire(target, caller))

    def _exchanged(self, inquire: Callable[[], Inquiry]) -> Inquiry:
        """Return the inquiry for a token that is got with the credential of one provider alone.

        Who else is asked has one of his own, so that an access says whose credential its token was got with.
        """
        from ocibroker.exchanging import TokenProvider, exchanging  # here, since few ask for one

        inquiry = inquire()
        if inquiry.fetching is None:
            return inquiry

        def alone(deadline: float) -> BrokerSource:
            return BrokerSource(self._whole.answers, lambda: replace(inquire(), otherwise=None), 0.0, deadline)

        granting = self._pairs.granting(inquiry.origin, inquiry.selection.realms, inquiry.provider or "none")
        provider = TokenProvider(inquiry.origin, inquiry.footing, granting, alone)
        otherwise = (lambda: self._exchanged(lambda: _second(inquire()))) if inquiry.otherwise else None
        return replace(exchanging(inquiry, provider, self._means), otherwise=otherwise)

    def _pair(self, inquiry: Inquiry, answer: Answer, source: BrokerSource, mark: CallerTransport | None) -> Access:
        selection = inquiry.selection if self._sidecar is None else self._sidecar.learned(inquiry)
        nobody = selection.provider is None or (selection.last and isinstance(answer, Anonymous))
        return Access(
            target=inquiry.target,
            origin=inquiry.origin,
            credential=answer,
            provider=None if nobody or selection.provider is None else selection.provider.name,
            why=selection.why,
            tls=inquiry.trust.policy,
            identity=() if nobody or self._sidecar or inquiry.identity is None else inquiry.identity.parts,
            transport=self._pairs.of_answer(inquiry, selection.realms, source, mark),
        )

    def _shared_store(self, route: Route) -> Store | None:
        if self.config.shared is None:
            return None
        return open_shared(self.config.shared, policies=self._policies, clock=self._clock, route=route)

    def _warn_of_broken_plugins(self) -> None:
        for error in self.providers.broken.values():
            _LOG.warning("%s", error)

    def _warn_of_weakened_hosts(self) -> None:
        for entry in self.config.tls:
            for warning in entry.warnings:
                _LOG.warning("%s", warning)
        self._footings.read_all(self.config)


def _second(inquiry: Inquiry) -> Inquiry:
    return inquiry.otherwise() if inquiry.otherwise else inquiry


def _target(target: str | Target, actions: tuple[str, ...] | None) -> Target:
    if not isinstance(target, str | Target):
        raise UsageError(f"a {type(target).__name__} is no target", hint="write registry/repository")
    parsed = target if isinstance(target, Target) else Target.parse(target)
    # A target that was made for more than the default keeps what it was made for.
    return parsed if actions is None or actions == PULL else parsed.doing(actions)


def _socket(environ: Mapping[str, str]) -> str:
    from ocibroker.socket_place import socket_places

    places = socket_places(environ)
    for place in places:
        if place.exists():
            return str(place)
    where = " and ".join(map(str, places)) or "none is wanted"
    raise UsageError(f"there is no socket of a sidecar: {where}", culprit="connect()", hint="run `ocibroker serve`")


def _own(given: CallerTransport | None) -> CallerTransport | None:
    if given is None:
        return None
    from ocibroker.transport import own

    return own(given)
