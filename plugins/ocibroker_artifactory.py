"""``artifactory``: identity tokens, access tokens and reference tokens of the JFrog Platform.

A token is the password as it is; or the platform makes one of it that lives for a time that the rule says.

https://jfrog.com/help/r/jfrog-rest-apis/create-token
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from ocibroker.provider import (
    Basic,
    Identity,
    JsonAnswer,
    KeptLogin,
    Options,
    Provider,
    Request,
    SecretRef,
    Target,
    TextRef,
    TokenService,
    as_secret,
    providers,
)

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest

TESTED: Final = (
    ("identity token, access token or reference token", "real: docker-registry, which knows the user by name"),
    ("a token that is made of such a one, for a time", "emulator: the platform's token API"),
)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""

_PATH: Final = "/access/api/v1/tokens"
_SERVICE: Final = TokenService(
    name="the JFrog Platform",
    cures={
        400: "correct expires_in",
        401: "make another identity token: this one has expired or is revoked",
        403: "ask for less: expires_in is above the administrator's limit, or the scope is not this user's to give",
        404: "set url to the platform's own address",
    },
    final=frozenset({401}),
)


class ArtifactoryOptions(Options, frozen=True, kw_only=True):
    """``username`` is whose ``token`` it is. With ``expires_in`` a token is made of it that lives so many seconds.

    That is asked for at ``url``, which is the platform's address if that is not the registry's, and with ``scope``.
    """

    username: TextRef
    token: SecretRef
    expires_in: int = 0
    scope: str = "applied-permissions/user"
    url: str = ""

    def __post_init__(self) -> None:
        if self.expires_in < 0:
            raise ValueError("expires_in is a number of seconds")
        if self.url and not self.url.startswith("https://"):
            raise ValueError("url does not begin with https://")


class _Made(JsonAnswer):
    access_token: str
    expires_in: int | None = None


class ArtifactoryProvider:
    """Serves whatever a rule gives it; claims nothing by itself."""

    name = "artifactory"
    options = ArtifactoryOptions

    def claim(self, target: Target) -> None:
        """Claim nothing: whose token it is, only a rule can say."""

    def identity(self, request: Request[ArtifactoryOptions]) -> Identity:
        """Return the user, where the token is, and what is made of it."""
        options, kept = request.options, _login(request.options).identity()
        made = (f"at {_platform(request)}", options.scope, f"for {options.expires_in} s")
        return Identity((*kept.parts, *(made if options.expires_in else ())), watch=kept.watch)

    def fetch(self, request: FetchRequest[ArtifactoryOptions]) -> Basic:
        """Return the token, or have the platform make one of it.

        Raises :class:`~ocibroker.errors.CredentialUnavailable`, and what a connection raises.
        """
        kept = _login(request.options).read(request)
        return _made(request, kept) if request.options.expires_in else kept


def _login(options: ArtifactoryOptions) -> KeptLogin:
    return KeptLogin(options.username, options.token)


def _platform(request: Request[ArtifactoryOptions]) -> str:
    return request.options.url.rstrip("/") or f"https://{request.target.registry}"


def _made(request: FetchRequest[ArtifactoryOptions], kept: Basic) -> Basic:
    options, now = request.options, request.clock.now()
    form = {"scope": options.scope, "expires_in": str(options.expires_in)}
    found = _SERVICE.ask(request, "POST", f"{_platform(request)}{_PATH}", _Made, bearer=kept.secret, data=form)
    # It says how long it lives unless that is for ever, which was not asked for.
    life = min(found.expires_in or options.expires_in, options.expires_in)
    if (secret := as_secret(found.access_token)) is None or life <= 0:
        raise _SERVICE.nothing_in_it()
    return Basic(username=kept.username, secret=secret, issued_at=now, expires_at=now + timedelta(seconds=life))


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[ArtifactoryOptions] = ArtifactoryProvider()
    return [provider]
