"""A registry's token in the place of a credential: fetched, remembered and renewed as one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Final

import httpx

from ocibroker.auth import Granting, Narrowing, read_token
from ocibroker.cache import cache_key
from ocibroker.claim import Claim
from ocibroker.credential import Anonymous, Bearer, Credential
from ocibroker.errors import IntegrityError
from ocibroker.fetch_request import FetchRequest
from ocibroker.fetching import Fetching
from ocibroker.identity import Identity
from ocibroker.inquiry import Inquiry
from ocibroker.means import Means
from ocibroker.origin import Origin
from ocibroker.request import Options, Request
from ocibroker.target import Target
from ocibroker.transport import DEADLINE, PairedTransport, Source, Wire


class NoOptions(Options, frozen=True, kw_only=True):
    """There are none."""


@dataclass(frozen=True, slots=True)
class TokenProvider:
    """Gets the token of a target by the credential that ``whole`` gives within so many seconds."""

    origin: Origin
    wire: Wire
    granting: Granting
    whole: Callable[[float], Source]

    options: ClassVar[type[NoOptions]] = NoOptions

    @property
    def name(self) -> str:
        """The name of who gives the credential."""
        return self.granting.provider

    def claim(self, target: Target) -> Claim | None:
        """Return none: it is never chosen."""
        return None

    def identity(self, request: Request[NoOptions]) -> Identity:
        """Return what one token is for."""
        return Identity((str(request.target), *request.target.actions))

    def fetch(self, request: FetchRequest[NoOptions]) -> Bearer | Anonymous:
        """Exchange the credential; errors as :class:`~ocibroker.auth.Narrowing` says."""
        source = self.whole(request.deadline.left())
        credential = source.current(None)
        if isinstance(credential, Anonymous):
            return credential
        challenged = httpx.Request("GET", f"{self.origin}/v2/", extensions={DEADLINE: request.deadline})
        flow = Narrowing(request.target, self.granting).flow
        response = PairedTransport(self.origin, self.wire, source, flow).handle_request(challenged)
        token = read_token(response, request.clock.now())
        if self._leaks(token, credential, source.current(None)):
            raise IntegrityError("the token endpoint gives the credential itself back", culprit=str(self.origin))
        return token

    def _leaks(self, token: Bearer, *credentials: Credential | Anonymous) -> bool:
        return any(not isinstance(one, Anonymous) and one.secret == token.secret for one in credentials)


_NOTHING: Final = NoOptions()


def exchanging(inquiry: Inquiry, provider: TokenProvider, means: Means) -> Inquiry:
    """Return the inquiry at ``provider`` for a token that stands for what ``inquiry`` would give."""
    target = inquiry.target
    caller = inquiry.fetching.caller if inquiry.fetching else None
    fetching = Fetching(provider=provider, target=target, options=_NOTHING, caller=caller, means=means)
    identity = fetching.identity()
    key = cache_key(provider.name, inquiry.key, identity, inquiry.looks, inquiry.trust.digest)
    if inquiry.identity:  # whose token it is, beside what it is for
        identity = replace(identity, parts=(*inquiry.identity.parts, *identity.parts))
    return replace(inquiry, fetching=fetching, identity=identity, key=key, shared_key="", otherwise=None)
