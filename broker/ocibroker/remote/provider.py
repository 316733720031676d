"""The one provider of a connected broker: whatever is asked, the sidecar answers."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, cast

import msgspec

from ocibroker.api import CallerQuestion, CredentialAnswer, CredentialQuestion, credential_of, fingerprint
from ocibroker.claim import Claim, Strength
from ocibroker.credential import Anonymous, Credential
from ocibroker.errors import IntegrityError, InvalidValue
from ocibroker.fetch_request import FetchRequest
from ocibroker.identity import Identity
from ocibroker.remote.line import Line
from ocibroker.request import Caller, Options, Request
from ocibroker.target import Target

if TYPE_CHECKING:
    from ocibroker.api.question import Action

_MOST: Final = 4096
_KEEP: Final = timedelta(seconds=30)
"""How long an answer is believed at most: the sidecar sees at once what has changed, and a caller may not."""


class NoOptions(Options, frozen=True, kw_only=True):
    """There are none: the sidecar's configuration decides."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the sidecar has said beside the credential."""

    provider: str | None
    why: str
    realms: tuple[str, ...]


class SidecarProvider:
    """Asks by ``line``. ``told`` remembers, for each target, what came with its credential."""

    options = NoOptions

    def __init__(self, line: Line, *, name: str = "sidecar") -> None:
        self.name: Final = name
        self._line = line
        self._lock = threading.Lock()
        self._told: OrderedDict[Target, Told] = OrderedDict()

    def claim(self, target: Target) -> Claim | None:
        """Claim everything: what is not allowed, the sidecar refuses."""
        return Claim(Strength.EXACT, f"the sidecar at {self._line.path} answers")

    def identity(self, request: Request[NoOptions]) -> Identity:
        """Return what the sidecar is asked; of a workload's token only a digest."""
        target = request.target
        parts = (self._line.path, str(target), *target.actions, _digest(request.caller))
        return Identity(parts, keep=_KEEP)

    def fetch(self, request: FetchRequest[NoOptions]) -> Credential | Anonymous:
        """Return the sidecar's answer; errors are those that it tells of."""
        answer = self._line.credential(_question(request), request.deadline)
        self._remember(request.target, answer)
        try:
            return credential_of(answer)
        except InvalidValue as error:
            failure = IntegrityError(f"the sidecar's answer is no credential: {error.message}", culprit=self.name)
        raise failure

    def forked(self) -> None:
        """Begin anew in a child, with what is known: another thread of its parent may have held the lock."""
        self._lock = threading.Lock()

    def told(self, target: Target) -> Told | None:
        """Return what the sidecar said the last time that it was asked for ``target``."""
        return self._told.get(target)

    def _remember(self, target: Target, answer: CredentialAnswer) -> None:
        with self._lock:
            self._told[target] = Told(answer.provider, answer.why, tuple(answer.realms))
            if len(self._told) > _MOST:
                self._told.popitem(last=False)


def _question(request: FetchRequest[NoOptions]) -> CredentialQuestion:
    target, caller = request.target, request.caller
    return CredentialQuestion(
        registry=target.registry,
        repository=target.path,
        actions=cast("tuple[Action, ...]", target.actions),
        min_ttl=request.min_ttl,
        caller=_asked_for(caller) if caller else None,
        refused=fingerprint(request.refused.secret) if request.refused else None,
    )


def _asked_for(caller: Caller) -> CallerQuestion:
    token = caller.token.reveal() if caller.token else None
    return CallerQuestion(token=token, annotations=dict(caller.annotations))


def _digest(caller: Caller | None) -> str:
    if caller is None:
        return ""
    return hashlib.sha256(msgspec.json.encode(_asked_for(caller), order="sorted")).hexdigest()
