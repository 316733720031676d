"""Asking one provider, and what of its answer is believed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from ocibroker.asked import Heard, unheard
from ocibroker.credential import Anonymous, Basic, Bearer, Credential, IdentityToken
from ocibroker.deadline import Deadline
from ocibroker.errors import ContractViolation, InvalidValue, NoIdentity, OcibrokerError
from ocibroker.hookspecs import Provider
from ocibroker.identity import Identity
from ocibroker.leased import Leased, Lent, unlent
from ocibroker.means import Means
from ocibroker.references import are_local, references
from ocibroker.request import Caller, Options, Request
from ocibroker.ssh_key import SSHKey
from ocibroker.target import Target
from ocibroker.trust import Trust

if TYPE_CHECKING:
    from ocibroker.fetch_request import FetchRequest
    from ocibroker.hookspecs import SSHKeySource, TrustSource
    from ocibroker.supplies import Supplies

T = TypeVar("T")
LONGEST_LIFE: Final = timedelta(days=366)
"""What claims to live longer is wrong about it, and would never be looked at again."""


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
        """Return what the credential will be bound to: to this machine, if anything that it is made of is.

        Raises :class:`~ocibroker.errors.OcibrokerError` that names the provider where it does not say.
        """
        told = self._told("identity", lambda: self.provider.identity(self._request), Identity)
        return replace(told, reach="local") if told.reach == "global" and are_local(self.options) else told

    def fetch(
        self,
        deadline: Deadline,
        *,
        min_ttl: timedelta = timedelta(),
        refused: Credential | None = None,
        asked: Heard = unheard,
        lent: Lent = unlent,
    ) -> Credential | Anonymous:
        """Return the provider's answer, checked. ``min_ttl`` and ``refused`` are what the request says.

        ``asked`` is told of each host that has answered the provider, ``lent`` of each secret it read that ends.

        Raises whatever the provider raises: its worker contains it.
        """
        supplies = self._supplies(deadline, asked)
        try:
            with supplies:
                request = replace(supplies.request(self._request), min_ttl=min_ttl.total_seconds(), refused=refused)
                answer = self._checked(self.provider.fetch(request), supplies.leased)
            for one in supplies.leased:
                lent(one)
            return answer
        except InvalidValue as error:
            why = f"made a credential that is not one: {error.message}"
        except OcibrokerError as error:
            if error.retry_after is None and not isinstance(error, NoIdentity):
                error.retry_after = supplies.pauses[-1]
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
        with self._supplies(deadline) as supplies:
            return self._told(what, lambda: ask(supplies.request(self._request)), kind, NoneType)

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

    def _checked(self, answer: object, leased: Sequence[Leased]) -> Credential | Anonymous:
        if isinstance(answer, Anonymous):
            return answer
        if not isinstance(answer, Basic | IdentityToken | Bearer):
            raise ContractViolation(f"fetch() gave a {type(answer).__name__}", culprit=self._culprit)
        # With the end of what was only read on the way, a static password would be written to stores.
        ends = [one.ends_at for one in leased if one.secret == answer.secret]
        if ends and answer.expires_at is None:
            answer = replace(answer, expires_at=min(*ends, self.means.clock.now() + (self.keep or LONGEST_LIFE)))
        left = answer.expires_at - self.means.clock.now() if answer.expires_at else None
        if left is not None and left <= timedelta():
            raise ContractViolation("gave a credential that has already expired", culprit=self._culprit)
        if left is not None and left > LONGEST_LIFE:
            raise ContractViolation("gave a credential with an absurd life", culprit=self._culprit)
        return answer

    @property
    def _request(self) -> Request[Any]:
        return Request(target=self.target, options=self.options, environ=self.means.shown, caller=self.caller)

    def _supplies(self, deadline: Deadline, asked: Heard = unheard) -> Supplies:
        from ocibroker.supplies import Supplies  # here, since most answers are remembered

        return Supplies(self.means, self.provider.name, deadline, asked)

    @property
    def _culprit(self) -> str:
        return f"provider {self.provider.name}"
