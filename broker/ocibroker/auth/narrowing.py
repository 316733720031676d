"""A credential exchanged for a token that opens one repository, for some actions, and nothing else."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import httpx

from ocibroker.auth.challenge import Challenge, parse_challenges
from ocibroker.auth.granting import Granting
from ocibroker.auth.scope import Scope
from ocibroker.credential import Anonymous, Basic, Bearer, Credential, IdentityToken
from ocibroker.errors import CannotCarry, RegistryRefused
from ocibroker.target import Target
from ocibroker.transport import Answer, Flow, Step, ask, send


@dataclass(frozen=True, slots=True, eq=False)
class Narrowing:
    """Has the registry's token endpoint grant what ``target`` names, whatever its challenge asks for.

    Follows the Distribution specification, ``spec/auth``.
    """

    target: Target
    granting: Granting

    def flow(self, request: httpx.Request) -> Flow:
        """Return the flow that is challenged by ``request``, to ``/v2/``, and gives the token endpoint's answer.

        It raises :class:`~ocibroker.errors.CannotCarry` for a registry without token endpoint and for a credential
        that none takes, :class:`~ocibroker.errors.RegistryRefused` where it was turned down, newly fetched too.
        """
        credential = yield from ask()
        challenge = self._challenge((yield from send(request, whole=True)))
        outcome = yield from self._tried(challenge, credential, request)
        if isinstance(outcome, httpx.Response):
            return outcome
        fresh = yield from ask(None if isinstance(credential, Anonymous) else credential)
        if fresh == credential:
            raise outcome
        return (yield from self._granted(challenge, fresh, request))

    def _tried(
        self, challenge: Challenge, credential: Credential | Anonymous, request: httpx.Request
    ) -> Generator[Step, Answer, httpx.Response | RegistryRefused]:
        try:
            return (yield from self._granted(challenge, credential, request))
        except RegistryRefused as error:
            return error.restated()

    def _granted(self, challenge: Challenge, credential: Credential | Anonymous, request: httpx.Request) -> Flow:
        scope = Scope("repository", self.target.path, self.target.actions)
        return (yield from self.granting.granted(challenge, (scope,), self._exchangeable(credential), request))

    def _challenge(self, response: httpx.Response) -> Challenge:
        challenges = parse_challenges(response.headers.get_list("www-authenticate"))
        bearer = next((one for one in challenges if one.scheme == "bearer"), None)
        if response.status_code == httpx.codes.UNAUTHORIZED and bearer is not None:
            return bearer
        raise CannotCarry(
            "has no token endpoint that would give a token for one repository",
            culprit=str(self.granting.realms.origin),
            hint="its credential can be had only by a listener without exchange",
        )

    def _exchangeable(self, credential: Credential | Anonymous) -> Basic | IdentityToken | Anonymous:
        if not isinstance(credential, Bearer):
            return credential
        raise CannotCarry(
            f"provider {self.granting.provider} gives a bearer token, which no token endpoint exchanges",
            culprit=str(self.target),
            hint="its credential can be had only by a listener without exchange",
        )
