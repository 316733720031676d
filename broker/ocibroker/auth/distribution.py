"""How a registry's challenges are answered: the flow of one access, sans I/O.

Follows the Distribution specification, ``spec/auth``, and RFC 9110 section 11. The first request goes out bare
or with what is already known to work; a 401 is answered once.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Final

import httpx

from ocibroker.auth.challenge import Challenge, parse_challenges
from ocibroker.auth.grant import get_request, post_request, read_token
from ocibroker.auth.header import authorization
from ocibroker.auth.post_refusals import PostRefusals
from ocibroker.auth.realm import Realms
from ocibroker.auth.scope import Scope, merge, parse_scopes
from ocibroker.clock import Clock
from ocibroker.credential import Anonymous, Basic, Bearer, Credential, IdentityToken
from ocibroker.errors import ConnectionFailed, IntegrityError, RedirectRefused, RegistryRefused
from ocibroker.target import Target
from ocibroker.transport import AGAIN, DEADLINE, Answer, Flow, Step, ask, send

_REPOSITORY: Final = re.compile(r"/v2/(.+)/(?:manifests|blobs|tags|referrers)(?:/.*)?")
_LONGEST_SERVICE: Final = 256
_MOST_TOKENS: Final = 256
_NO_POST: Final = frozenset({404, 405})
_REFUSED: Final = frozenset({400, 401, 403})
_EXPIRED_IS_BAD_REQUEST: Final = frozenset({"public.ecr.aws", "ecr-public.aws.com"})


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a token was got for: enough to know again which request it fits."""

    repository: str
    action: str


_Proof = Basic | Bearer
"""What a registry itself accepts."""


@dataclass(slots=True, eq=False)
class _Account:
    """A credential and the tokens that were got with it. A flow keeps to the one that it began with."""

    credential: Credential | Anonymous
    tokens: dict[_Wanted, Bearer] = field(default_factory=dict)

    def keep(self, wanted: _Wanted, token: Bearer) -> None:
        """Remember ``token``; so many that they crowd each other out are forgotten together."""
        if len(self.tokens) >= _MOST_TOKENS:
            self.tokens.clear()
        self.tokens[wanted] = token


class DistributionAuth:
    """Answers the challenges of one registry for one target; keeps its tokens in memory only.

    ``provider`` is named in errors. All of it may be used by several threads: a lost race costs one more
    token, never a wrong one.
    """

    def __init__(
        self, target: Target, realms: Realms, clock: Clock, refusals: PostRefusals, *, provider: str
    ) -> None:
        self._target = target
        self._realms = realms
        self._clock = clock
        self._refusals = refusals
        self._provider = provider
        self._basic = False
        self._account: _Account | None = None

    def flow(self, request: httpx.Request) -> Flow:
        """Return the flow that sends ``request``.

        It raises :class:`~ocibroker.errors.RegistryRefused` where a credential is asked for that there is not, or
        the one there is was turned down twice; the second time it is a newly fetched one.
        """
        account = self._account_of((yield from ask()))
        if "authorization" in request.headers:
            return (yield from send(request))
        if not _replayable(request):
            yield from self._prepare(request, account)
        outcome = yield from self._tried(request, account)
        if isinstance(outcome, httpx.Response) and not self._may_be_expired(outcome):
            return outcome
        fresh = yield from self._renewed(account.credential)
        if fresh is not None and _replayable(request):
            return (yield from self._attempt(request, self._account_of(fresh)))
        if isinstance(outcome, RegistryRefused):
            raise outcome
        return outcome

    def _tried(
        self, request: httpx.Request, account: _Account
    ) -> Generator[Step, Answer, httpx.Response | RegistryRefused]:
        """Return the answer to the request, or how it was refused."""
        try:
            return (yield from self._attempt(request, account))
        except RegistryRefused as error:
            return error

    def _may_be_expired(self, response: httpx.Response) -> bool:
        """Whether a registry that says so is telling that the credential has expired, and not that it is refused.

        Amazon ECR answers 403, and ECR Public 400 (https://github.com/oras-project/oras-go/issues/1227).
        """
        return response.status_code == httpx.codes.FORBIDDEN or (
            response.status_code == httpx.codes.BAD_REQUEST and self._realms.origin.host in _EXPIRED_IS_BAD_REQUEST
        )

    def _attempt(self, request: httpx.Request, account: _Account) -> Flow:
        """Send the request, answer one challenge, and raise where the answer is not enough."""
        known = self._known(request, account)
        response = yield from send(_with(request, known))
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return response
        proof = yield from self._answer(response, request, account)
        # What was just refused is not sent twice: some registries lock an account out.
        if proof is not None and proof != known:
            if not _replayable(request):
                raise self._too_late()
            response = yield from send(_with(request, proof))
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise self._refusal(str(self._realms.origin), response.status_code, account.credential)
        return response

    def _renewed(self, refused: Credential | Anonymous) -> Generator[Step, Answer, Credential | Anonymous | None]:
        """Return another credential than the one that was refused, if there is one."""
        if isinstance(refused, Anonymous):
            return None
        fresh = yield from ask(refused)
        return None if fresh == refused else fresh

    def _prepare(self, request: httpx.Request, account: _Account) -> Generator[Step, Answer, None]:
        """Be challenged before a body that can be sent only once."""
        if self._known(request, account):
            return
        probe = httpx.Request("GET", request.url.copy_with(raw_path=b"/v2/"), extensions=request.extensions)
        response = yield from send(_with(probe, None))
        if response.status_code == httpx.codes.UNAUTHORIZED:
            yield from self._answer(response, request, account)

    def _known(self, request: httpx.Request, account: _Account) -> _Proof | None:
        """Return what already worked for such a request, if it is still good."""
        credential = account.credential
        if isinstance(credential, Bearer) or (self._basic and isinstance(credential, Basic)):
            return credential
        token = account.tokens.get(_wanted(request))
        if token is None or token.expires_at is None or token.expires_at <= self._clock.now():
            return None
        return token

    def _answer(
        self, response: httpx.Response, request: httpx.Request, account: _Account
    ) -> Generator[Step, Answer, _Proof | None]:
        """Return what answers the challenge, or none where nothing could."""
        credential = account.credential
        challenges = parse_challenges(response.headers.get_list("www-authenticate"))
        bearer = next((one for one in challenges if one.scheme == "bearer"), None)
        if bearer is not None and not isinstance(credential, Bearer):
            token = yield from self._token(bearer, request, credential)
            account.keep(_wanted(request), token)
            return token
        if isinstance(credential, Basic) and any(one.scheme == "basic" for one in challenges):
            self._basic = True
            return credential
        return None

    def _token(
        self, challenge: Challenge, request: httpx.Request, credential: Basic | IdentityToken | Anonymous
    ) -> Generator[Step, Answer, Bearer]:
        realm = self._realms.check(challenge.parameters.get("realm", ""))
        service = challenge.parameters.get("service", "")
        if len(service) > _LONGEST_SERVICE:
            raise IntegrityError("the challenge names an endless service", culprit=str(self._realms.origin))
        scopes = self._scopes(challenge, request)
        response = yield from self._granted(realm, service, scopes, credential, request)
        return read_token(response, self._clock.now())

    def _scopes(self, challenge: Challenge, request: httpx.Request) -> tuple[Scope, ...]:
        """Return what to ask for: what the challenge names, with all the actions that the access is for."""
        named = parse_scopes(challenge.parameters.get("scope", ""))
        repository = _wanted(request).repository
        if not named and repository:
            named = (Scope("repository", repository, (_wanted(request).action,)),)
        if any(scope.name == self._target.path for scope in named):
            named = (*named, Scope("repository", self._target.path, self._target.actions))
        return merge(named)

    def _granted(
        self,
        realm: httpx.URL,
        service: str,
        scopes: tuple[Scope, ...],
        credential: Basic | IdentityToken | Anonymous,
        request: httpx.Request,
    ) -> Flow:
        if isinstance(credential, IdentityToken) and realm not in self._refusals:
            posted = yield from _exchange(post_request(realm, service, scopes, credential), request)
            if posted.status_code not in _NO_POST:
                return self._checked(posted, realm, credential)
            self._refusals.add(realm)
        got = yield from _exchange(get_request(realm, service, scopes, credential), request)
        return self._checked(got, realm, credential)

    def _checked(
        self, response: httpx.Response, realm: httpx.URL, credential: Credential | Anonymous
    ) -> httpx.Response:
        status, endpoint = response.status_code, f"{realm.scheme}://{realm.netloc.decode('ascii')}"
        if response.is_redirect:
            raise RedirectRefused("a token endpoint must not redirect", culprit=endpoint)
        if status in _REFUSED:
            raise self._refusal(endpoint, status, credential)
        if not response.is_success:
            raise ConnectionFailed(
                f"the token endpoint answered {status}", culprit=endpoint, hint="try again later"
            )
        return response

    def _refusal(self, culprit: str, status: int, credential: Credential | Anonymous) -> RegistryRefused:
        if isinstance(credential, Anonymous):
            why = f"asks for a credential ({status}); none was sent: {credential.reason}"
            return RegistryRefused(why, culprit=culprit, hint="add a [[registry]] rule for this target")
        why = f"refused the credential of provider {self._provider} ({status})"
        return RegistryRefused(why, culprit=culprit, hint="check the user, the password and the permissions")

    def _too_late(self) -> ConnectionFailed:
        return ConnectionFailed(
            "asked for another token after the body was sent",
            culprit=str(self._realms.origin),
            hint="send it again",
        )

    def _account_of(self, credential: Credential | Anonymous) -> _Account:
        """Return what was got with ``credential``; what was got with another one may be another account's."""
        account = self._account
        if account is None or account.credential != credential:
            account = self._account = _Account(credential)
        return account


def _exchange(grant: httpx.Request, request: httpx.Request) -> Flow:
    """Send a token request under the time limits of the request that needs the token."""
    for name in ("timeout", DEADLINE):
        if name in request.extensions:
            grant.extensions[name] = request.extensions[name]
    grant.extensions[AGAIN] = True
    return (yield from send(grant, whole=True))


def _with(request: httpx.Request, proof: _Proof | None) -> httpx.Request:
    """Return the request with that proof, its body rewound: a body of bytes can be sent again."""
    headers = request.headers.copy()
    # Written here and nowhere else: a traceback shows local variables, and a header's text is no Secret.
    if proof is not None and (text := authorization(proof)):
        headers["authorization"] = text
    return httpx.Request(
        request.method, request.url, headers=headers, stream=request.stream, extensions=request.extensions
    )


def _replayable(request: httpx.Request) -> bool:
    return isinstance(request.stream, httpx.ByteStream)


def _wanted(request: httpx.Request) -> _Wanted:
    found = _REPOSITORY.fullmatch(request.url.path)
    action = {"GET": "pull", "HEAD": "pull", "DELETE": "delete"}.get(request.method, "push")
    return _Wanted(found[1] if found else "", action)
