"""Asking one provider: what it is handed, and what of its answer is believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType, NoneType
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from ocibroker.clock import Clock
from ocibroker.credential import Anonymous, Basic, Bearer, Credential, IdentityToken
from ocibroker.deadline import Deadline
from ocibroker.errors import ContractViolation, InvalidValue, NoIdentity, OcibrokerError
from ocibroker.hookspecs import Provider
from ocibroker.identity import Identity
from ocibroker.origin import Origin
from ocibroker.reference import SecretRef, read_secret
from ocibroker.request import Caller, Options, Request
from ocibroker.rule import references
from ocibroker.secret import Secret
from ocibroker.ssh_key import SSHKey
from ocibroker.target import Target
from ocibroker.tls import TLSPolicies, TLSPolicy
from ocibroker.transport.wire import Wire
from ocibroker.trust import Trust

if TYPE_CHECKING:
    import httpx

    from ocibroker.child import Completed
    from ocibroker.fetch_request import FetchRequest
    from ocibroker.hookspecs import SSHKeySource, TrustSource

T = TypeVar("T")
Heard = Callable[[Origin], None]
"""Is told of a host."""

LONGEST_LIFE: Final = timedelta(days=366)
"""What claims to live longer is wrong about it, and would never be looked at again."""


def unheard(origin: Origin) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Means:
    """What every fetch has at its disposal; the broker owns it.

    ``withheld`` are variables of ``environ`` that hold secrets: only a reference to one gets it, and no program.
    ``trusting`` gives a wire that trusts one host, as ``host[:port]``, in a way of its own; without it ``wire``
    does for all.
    """

    environ: Mapping[str, str] = field(repr=False)
    clock: Clock
    policies: TLSPolicies
    wire: Wire
    withheld: frozenset[str] = frozenset()
    trusting: Callable[[str, Trust], Wire] | None = None

    @property
    def shown(self) -> Mapping[str, str]:
        """The environment as providers and programs get it."""
        if not self.withheld:
            return self.environ
        return MappingProxyType({name: self.environ[name] for name in self.environ if name not in self.withheld})

    def tls(self, url: str) -> TLSPolicy:
        """Return the policy of the host in ``url``."""
        return self.policies.for_origin(Origin.parse(url)).policy

    def wire_for(self, url: str, trust: Trust) -> Wire:
        """Return a wire that trusts the host in ``url`` as said."""
        return self.trusting(Origin.parse(url).authority, trust) if self.trusting else self.wire


@dataclass(frozen=True, slots=True)
class _Noted:
    """What is noted while a provider is asked: the pauses that answers asked for, and when what was read ends.

    ``asked`` is told of each host that has answered.
    """

    asked: Heard = unheard
    pauses: list[float | None] = field(default_factory=lambda: [None])
    ends: list[datetime] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """One provider, one target, one set of options: asked for its identity first, for a credential if need be."""

    provider: Provider[Any]
    target: Target
    options: Options
    caller: Caller | None
    means: Means

    @property
    def keep(self) -> timedelta | None:
        """How long what comes out of the options' stores may be remembered; none where they name no store."""
        return min((one.kept.keep for one in references(self.options) if one.kept), default=None)

    def identity(self) -> Identity:
        """Return what the credential will be bound to.

        Raises :class:`~ocibroker.errors.OcibrokerError` that names the provider where it does not say.
        """
        request: Request[Any] = Request(
            target=self.target, options=self.options, environ=self.means.shown, caller=self.caller
        )
        return self._told("identity", lambda: self.provider.identity(request), Identity)

    def fetch(
        self,
        deadline: Deadline,
        *,
        min_ttl: timedelta = timedelta(),
        refused: Credential | None = None,
        asked: Heard = unheard,
    ) -> Credential | Anonymous:
        """Return the provider's answer, checked. ``min_ttl`` and ``refused`` are what the request says.

        ``asked`` is told of each host that has answered the provider.

        Raises whatever the provider raises: its worker contains it.
        """
        noted = _Noted(asked)
        try:
            with ExitStack() as opened:
                request = self._request(deadline, opened, noted)
                whole = replace(request, min_ttl=min_ttl.total_seconds(), refused=refused)
                return self._checked(self.provider.fetch(whole), noted.ends)
        except InvalidValue as error:
            why = f"made a credential that is not one: {error.message}"
        except OcibrokerError as error:
            if error.retry_after is None and not isinstance(error, NoIdentity):
                error.retry_after = noted.pauses[-1]
            raise
        raise ContractViolation(why, culprit=self._culprit)

    def trust(self, deadline: Deadline) -> Trust | None:
        """Return how the target's host is trusted, as the provider says; none where it says nothing.

        Raises :class:`~ocibroker.errors.OcibrokerError` that names the provider, or what it read.
        """
        return self._beside("trust", cast("TrustSource[Any]", self.provider).trust, Trust, deadline)

    def ssh_key(self, deadline: Deadline) -> SSHKey | None:
        """Return the provider's key for the target; errors as :meth:`trust`."""
        return self._beside("ssh_key", cast("SSHKeySource[Any]", self.provider).ssh_key, SSHKey, deadline)

    def _beside(
        self, what: str, ask: Callable[[FetchRequest[Any]], T | None], kind: type[T], deadline: Deadline
    ) -> T | None:
        """Return what the provider is asked for beside a credential."""
        with ExitStack() as opened:
            return self._told(what, lambda: ask(self._request(deadline, opened, _Noted())), kind, NoneType)

    def _told(self, what: str, ask: Callable[[], T], *kinds: type[object]) -> T:
        """Return what the provider says, if it is of one of those ``kinds``; whatever else comes of it is typed."""
        try:
            told = ask()
        except (KeyboardInterrupt, MemoryError):
            raise
        except InvalidValue as error:
            failure: OcibrokerError = ContractViolation(f"{what}() failed: {error}", culprit=self._culprit)
        except OcibrokerError as error:
            failure = error.restated(culprit=self._culprit)
        except BaseException as error:  # noqa: BLE001  # a plugin may raise anything, SystemExit included
            failure = ContractViolation(f"{what}() raised {type(error).__name__}", culprit=self._culprit)
        else:
            if isinstance(told, kinds):
                return told
            failure = ContractViolation(f"{what}() gave a {type(told).__name__}", culprit=self._culprit)
        raise failure

    def _request(self, deadline: Deadline, opened: ExitStack, noted: _Noted) -> FetchRequest[Any]:
        from ocibroker.fetch_request import FetchRequest  # here, since most answers are remembered

        means, shown = self.means, self.means.shown

        def client(wire: Wire) -> httpx.Client:
            return opened.enter_context(closing(_client(wire, deadline, noted, self.provider.name)))

        def run_child(
            argv: Sequence[str],
            *,
            stdin: bytes = b"",
            inherit: bool = False,
            variables: Mapping[str, str] | None = None,
        ) -> Completed:
            from ocibroker.child import run

            return run(argv, environ=shown, deadline=deadline, stdin=stdin, inherit=inherit, variables=variables)

        def read(reference: SecretRef, ends: list[datetime]) -> Secret:
            if reference.kept is not None:
                from ocibroker.stored_secret import StoredSecret  # here, since few secrets lie in a store

                if isinstance(reference.kept, StoredSecret):
                    # That by which a store is entered does not end what lies there.
                    found = reference.kept.read(replace(request, secret=lambda within: read(within, [])))
                    if isinstance(found, Secret):
                        return found
                    ends.append(found.ends_at)
                    return found.secret
            return read_secret(reference, environ=means.environ, deadline=deadline)

        request: FetchRequest[Any] = FetchRequest(
            target=self.target,
            options=self.options,
            environ=shown,
            caller=self.caller,
            open_http=cache(lambda: client(means.wire)),
            tls=means.tls,
            trusting=lambda url, trust: client(means.wire_for(url, trust)),
            secret=lambda reference: read(reference, noted.ends),
            run=run_child,
            clock=means.clock,
            deadline=deadline,
        )
        return request

    def _checked(self, answer: object, ends: Sequence[datetime]) -> Credential | Anonymous:
        if isinstance(answer, Anonymous):
            return answer
        if not isinstance(answer, Basic | IdentityToken | Bearer):
            raise ContractViolation(f"fetch() gave a {type(answer).__name__}", culprit=self._culprit)
        if ends and answer.expires_at is None:
            answer = replace(answer, expires_at=min(*ends, self.means.clock.now() + (self.keep or LONGEST_LIFE)))
        left = answer.expires_at - self.means.clock.now() if answer.expires_at else None
        if left is not None and left <= timedelta():
            raise ContractViolation("gave a credential that has already expired", culprit=self._culprit)
        if left is not None and left > LONGEST_LIFE:
            raise ContractViolation("gave a credential with an absurd life", culprit=self._culprit)
        return answer

    @property
    def _culprit(self) -> str:
        return f"provider {self.provider.name}"


def _client(wire: Wire, deadline: Deadline, noted: _Noted, provider: str) -> httpx.Client:
    """Return the client of one fetch; what each answer tells is ``noted``."""
    from ocibroker.transport import asked_pause, make_fetch_client

    def notice(origin: Origin, answer: httpx.Response) -> None:
        noted.pauses.append(asked_pause(answer))
        noted.asked(origin)

    return make_fetch_client(wire, deadline, notice, provider)
