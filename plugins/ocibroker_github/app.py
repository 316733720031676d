"""Tokens for the installation of a GitHub App.

https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app
"""

from __future__ import annotations

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from ocibroker.provider import (
    Basic,
    CredentialUnavailable,
    FetchRequest,
    Identity,
    JsonAnswer,
    Request,
    TokenService,
    as_secret,
)
from ocibroker_github.json_web_token import signed
from ocibroker_github.options import ANYBODY, GitHubOptions

_LIFE: Final = timedelta(hours=1)
"""No token lives longer, whatever an answer says."""

_PULL: Final = MappingProxyType({"packages": "read"})
"""What a token may do where the rule says nothing."""

_SERVICE: Final = TokenService(
    name="GitHub's API",
    cures={
        401: "compare app and private_key with the app's settings, and set this machine's clock",
        403: "let the owner lift the suspension of the installation",
        404: "correct installation and api: the app is not installed there",
        422: "grant the app the permissions and the repositories that the rule names, or name fewer",
    },
    final=frozenset({403, 404}),
    request_id="x-github-request-id",
)
_HEADERS: Final = MappingProxyType({"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"})


class _Token(JsonAnswer):
    token: str
    expires_at: datetime


def installation_of(request: Request[GitHubOptions]) -> Identity:
    """Return the installation, and what its tokens are restricted to."""
    options = request.options
    wanted = _restricted(options)
    return Identity(
        (
            f"app {options.app}",
            f"installation {options.installation}",
            f"at {options.api.rstrip('/')}",
            f"repositories {' '.join(wanted.get('repositories', ())) or 'all'}",
            f"permissions {' '.join(f'{name}:{what}' for name, what in wanted['permissions'].items())}",
        ),
        reach="global",
        watch=options.private_key.watch if options.private_key else (),
    )


def installation_token(request: FetchRequest[GitHubOptions]) -> Basic:
    """Return a token for the installation.

    Raises :class:`~ocibroker.errors.CredentialUnavailable`, and what a connection raises.
    """
    options, now = request.options, request.clock.now()
    if options.private_key is None:  # the options have seen to it
        raise CredentialUnavailable("has no private key", culprit="private_key", hint="set it in the rule")
    proof = signed(options.app, request.secret(options.private_key), now)
    url = f"{options.api.rstrip('/')}/app/installations/{options.installation}/access_tokens"
    wanted = _restricted(options)
    found = _SERVICE.ask(request, "POST", url, _Token, bearer=proof, headers=_HEADERS, json=wanted)
    if found.expires_at.tzinfo is None or not (secret := as_secret(found.token)):
        raise _SERVICE.nothing_in_it()
    if found.expires_at <= now:
        raise CredentialUnavailable("the token has expired by this machine's clock", hint="set the clock")
    until = min(found.expires_at, now + _LIFE)
    return Basic(username=ANYBODY, secret=secret, issued_at=now, expires_at=until)


def _restricted(options: GitHubOptions) -> dict[str, Any]:
    named = {"repositories": sorted(options.repositories)} if options.repositories else {}
    return {**named, "permissions": dict(sorted((options.permissions or _PULL).items()))}
