"""A private OCI registry inside the test process."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from types import MappingProxyType
from typing import Literal, Self

from ocibroker.testing.accounts import Accounts
from ocibroker.testing.admission import Admission, BasicAdmission, OpenAdmission, TokenAdmission
from ocibroker.testing.cuts import cut
from ocibroker.testing.distribution import Distribution
from ocibroker.testing.recorded import Record, RecordedRequest
from ocibroker.testing.redirects import location
from ocibroker.testing.request import Request
from ocibroker.testing.response import CannedResponse
from ocibroker.testing.server import Server
from ocibroker.testing.store import Manifest
from ocibroker.testing.token_endpoint import TokenEndpoint
from ocibroker.testing.tokens import Tokens

NOBODY: Mapping[str, str] = MappingProxyType({})


class EmbeddedRegistry:
    """An OCI distribution v1.1 registry on 127.0.0.1, at a port of its own, while its ``with`` block lasts.

    - ``tls``: the server's context (see `Authority.server_context`); ``None`` is plain HTTP.
    - ``users``: passwords by user; none makes the registry public, also when ``auth`` is ``"token"``.
    - ``auth``: ``"none"``, ``"basic"`` (RFC 7617) or ``"token"`` (Distribution's ``token.md``, ``oauth.md``).
    - ``realm``: what a challenge names instead of the registry's own realm.
    - ``host``: the name by which clients reach 127.0.0.1.
    - ``refresh_tokens``: users by the identity token that stands for them.
    - ``token_life``: seconds, by ``clock``, which returns seconds since the epoch.
    - ``post_grant``: whether the token endpoint understands POST; if not it answers 405.

    ``requests`` records what was asked. ``responses`` (by exact path) are sent before anything else is looked
    at. ``redirects`` (path prefix to URL prefix) answer an admitted GET or HEAD below the path with
    ``redirect_status``. ``cuts`` are for the next GETs of blobs, one each: after so many bytes of its body the
    answer ends, and with it the connection. All three may be changed at any time.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        users: Mapping[str, str] = NOBODY,
        auth: Literal["none", "basic", "token"] = "basic",
        realm: str | None = None,
        host: str = "localhost",
        refresh_tokens: Mapping[str, str] = NOBODY,
        token_life: int = 300,
        post_grant: bool = True,
        clock: Callable[[], float] = time.time,
        redirects: Mapping[str, str] = NOBODY,
        responses: Mapping[str, CannedResponse] = MappingProxyType({}),
        cuts: Iterable[int] = (),
    ) -> None:
        self._tls, self._auth, self._realm, self._host = tls, auth, realm, host
        self._accounts = Accounts(users, refresh_tokens)
        self._tokens = Tokens(life=token_life, clock=clock)
        self._token_endpoint = TokenEndpoint(self._accounts, self._tokens, post_grant)
        self._distribution = Distribution()
        self._running = ExitStack()
        self._port: int | None = None
        self.requests = Record()
        self.redirects = dict(redirects)
        self.redirect_status = 307
        self.responses = dict(responses)
        self.cuts = list(cuts)

    def __enter__(self) -> Self:
        server = Server(self._serve, self._tls)
        self._port = server.server_port
        self._running.enter_context(server.serving())
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    @property
    def port(self) -> int:
        """The TCP port; raises `RuntimeError` before the registry runs."""
        if self._port is None:
            raise RuntimeError("the registry has no port before its with block")
        return self._port

    @property
    def address(self) -> str:
        """``host:port``, as in an image's reference."""
        return f"{self._host}:{self.port}"

    @property
    def url(self) -> str:
        """The origin, without a slash at its end."""
        return f"{'http' if self._tls is None else 'https'}://{self.address}"

    def push(self, repository: str, tag: str, manifest: bytes, media_type: str, blobs: Iterable[bytes] = ()) -> str:
        """Put content without HTTP and return the manifest's digest; nothing is recorded.

        Raises `DistributionError` for an ill-formed repository or tag.
        """
        return self._distribution.push(repository, tag, Manifest(manifest, media_type), blobs)

    def rotate(self, user: str, password: str) -> None:
        """Change a user's password; issued tokens stay valid. Raises `KeyError` for an unknown user."""
        self._accounts.rotate(user, password)

    def revoke(self) -> None:
        """Forget all issued bearer tokens: each is refused from now on."""
        self._tokens.revoke()

    def _serve(self, request: Request) -> CannedResponse:
        response = self._answer(request)
        self.requests.add(RecordedRequest.of(request, response.status))
        return response

    def _answer(self, request: Request) -> CannedResponse:
        if request.path in self.responses:
            return self.responses[request.path]
        if self._auth == "token" and request.path == "/token":
            return self._redirect(request) or self._token_endpoint.answer(request)
        refusal = self._admission().refusal(request)
        return refusal or self._redirect(request) or cut(request, self._distribution.answer(request), self.cuts)

    def _redirect(self, request: Request) -> CannedResponse | None:
        target = location(request, self.redirects)
        return None if target is None else CannedResponse(self.redirect_status, {"Location": target})

    def _admission(self) -> Admission:
        if self._auth == "token":
            return TokenAdmission(self._tokens, self._realm or f"{self.url}/token", self.address)
        if self._auth == "basic":
            return BasicAdmission(self._accounts, self._realm or "registry")
        return OpenAdmission()
