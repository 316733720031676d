"""A token asked for at a registry's token endpoint, in whichever form the endpoint knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import httpx

from ocibroker.auth.challenge import Challenge
from ocibroker.auth.grant import get_request, post_request
from ocibroker.auth.post_refusals import PostRefusals
from ocibroker.auth.realm import Realms
from ocibroker.auth.scope import Scope
from ocibroker.credential import Anonymous, Basic, Credential, IdentityToken
from ocibroker.errors import (
    ConnectionFailed,
    CredentialWithheld,
    IntegrityError,
    RedirectRefused,
    RegistryRefused,
)
from ocibroker.transport import AGAIN, DEADLINE, Flow, send

_LONGEST_SERVICE: Final = 256
_NO_POST: Final = frozenset({404, 405})
_REFUSED: Final = frozenset({400, 401, 403})


@dataclass(frozen=True, slots=True, eq=False)
class Granting:
    """Asks the token endpoints that ``realms`` trusts. ``provider`` is named in errors."""

    realms: Realms
    refusals: PostRefusals
    provider: str

    def granted(
        self,
        challenge: Challenge,
        scopes: tuple[Scope, ...],
        credential: Basic | IdentityToken | Anonymous,
        request: httpx.Request,
    ) -> Flow:
        """Return the flow that asks for a token, within the limits of ``request``, and gives the answer.

        It raises :class:`~ocibroker.errors.RegistryRefused` where the endpoint refuses the credential.
        """
        realm = self.realms.check(challenge.parameters.get("realm", ""))
        service = challenge.parameters.get("service", "")
        if len(service) > _LONGEST_SERVICE:
            raise IntegrityError("the challenge names an endless service", culprit=str(self.realms.origin))
        if isinstance(credential, IdentityToken) and realm not in self.refusals:
            posted = yield from _exchange(post_request(realm, service, scopes, credential), request)
            if posted.status_code not in _NO_POST:
                return self._checked(posted, realm, credential)
            self.refusals.add(realm)
        got = yield from _exchange(get_request(realm, service, scopes, credential), request)
        return self._checked(got, realm, credential)

    def refusal(self, culprit: str, status: int, credential: Credential | Anonymous) -> RegistryRefused:
        """Return the error for a refusal of ``credential`` by ``culprit``."""
        if isinstance(credential, Anonymous):
            why = f"withheld: asks for a credential ({status}); none was sent: {credential.reason}"
            return CredentialWithheld(why, culprit=culprit, hint="add a [[registry]] rule for this target")
        why = f"refused the credential of provider {self.provider} ({status})"
        return RegistryRefused(why, culprit=culprit, hint="check the user, the password and the permissions")

    def _checked(
        self, response: httpx.Response, realm: httpx.URL, credential: Credential | Anonymous
    ) -> httpx.Response:
        status, endpoint = response.status_code, f"{realm.scheme}://{realm.netloc.decode('ascii')}"
        if response.is_redirect:
            raise RedirectRefused("a token endpoint must not redirect", culprit=endpoint)
        if status in _REFUSED:
            raise self.refusal(endpoint, status, credential)
        if not response.is_success:
            raise ConnectionFailed(
                f"the token endpoint answered {status}", culprit=endpoint, hint="try again later"
            )
        return response


def _exchange(grant: httpx.Request, request: httpx.Request) -> Flow:
    """Send a token request under the time limits of the request that needs the token."""
    for name in ("timeout", DEADLINE):
        if name in request.extensions:
            grant.extensions[name] = request.extensions[name]
    grant.extensions[AGAIN] = True
    return (yield from send(grant, whole=True))
