"""``digitalocean``: credentials of DigitalOcean's container registry, made for a time by a personal access token.

https://docs.digitalocean.com/reference/api/reference/container-registries/
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from ocibroker.provider import (
    Basic,
    CredentialUnavailable,
    Identity,
    JsonAnswer,
    Options,
    Provider,
    Request,
    SecretRef,
    Target,
    TokenService,
    as_secret,
    providers,
)

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest

TESTED: Final = (("personal access token", "emulator: DigitalOcean's API"),)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""

_HOST: Final = "registry.digitalocean.com"
_API: Final = "https://api.digitalocean.com/v2"
# Not compiled, since only a rule of this provider needs it.
_NAME: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_LONGEST: Final = 31_536_000
"""Seconds. Such a credential is made anew for each process that has none, so that it should not live long."""
_SERVICE: Final = TokenService(
    name="DigitalOcean",
    cures={
        401: "make another personal access token: this one has expired or is revoked",
        403: "give the token the scopes registry:read and registry:update",
        404: "correct registry: the team has none of that name",
        412: "set registry: the team has several",
    },
    final=frozenset({401}),
)


class DigitalOceanOptions(Options, frozen=True, kw_only=True):
    """``token`` is a personal access token, by which a credential is made that lives ``expiry_seconds``.

    It may push with ``read_write``. ``registry`` is which of a team's registries it is for, if there are several.
    """

    token: SecretRef
    registry: str = ""
    expiry_seconds: int = 3600
    read_write: bool = False

    def __post_init__(self) -> None:
        if self.registry and not re.fullmatch(_NAME, self.registry, re.ASCII):
            raise ValueError("registry is no name of one")
        if not 60 <= self.expiry_seconds <= _LONGEST:
            raise ValueError(f"expiry_seconds is none of 60 to {_LONGEST}")


class _Entry(JsonAnswer):
    auth: str


class _Config(JsonAnswer):
    """Docker's ``config.json``."""

    auths: dict[str, _Entry]


class DigitalOceanProvider:
    """Serves whatever rule for DigitalOcean's registry gives it a token; claims nothing by itself."""

    name = "digitalocean"
    options = DigitalOceanOptions

    def claim(self, target: Target) -> None:
        """Claim nothing: whose token it is, only a rule can say."""

    def identity(self, request: Request[DigitalOceanOptions]) -> Identity:
        """Return where the token is, and what is made of it."""
        options = request.options
        may = "read and write" if options.read_write else "read"
        made = (f"registry {options.registry}", f"to {may} for {options.expiry_seconds} s")
        return Identity((f"token from {options.token}", *made), watch=options.token.watch)

    def fetch(self, request: FetchRequest[DigitalOceanOptions]) -> Basic:
        """Have a credential made.

        Raises :class:`~ocibroker.errors.CredentialUnavailable`, and what a connection raises.
        """
        if request.target.registry != _HOST:
            hint = f"correct the rule's match: it is {_HOST}"
            raise CredentialUnavailable(f"{request.target.registry} is none of DigitalOcean's", hint=hint)
        options, now, token = request.options, request.clock.now(), request.secret(request.options.token)
        asked = {"expiry_seconds": options.expiry_seconds, "read_write": str(options.read_write).lower()}
        found = _SERVICE.ask(request, "GET", _url(options), _Config, bearer=token, params=asked)
        username, secret = (as_secret(text) for text in _pair(found.auths.get(_HOST)))
        if username is None or secret is None:
            raise _SERVICE.nothing_in_it()
        ends = now + timedelta(seconds=options.expiry_seconds)
        # Both are the token: https://docs.digitalocean.com/products/container-registry/how-to/set-up-ci-cd/
        return Basic(username=username.reveal(), secret=secret, issued_at=now, expires_at=ends)


def _url(options: DigitalOceanOptions) -> str:
    """Return who is asked: the path for teams with several registries, else the older one for those with one."""
    place = f"registries/{options.registry}" if options.registry else "registry"
    return f"{_API}/{place}/docker-credentials"


def _pair(entry: _Entry | None) -> tuple[str, str]:
    """Return user name and password; empty where there are none. The documented example ends with a line break."""
    try:
        text = base64.b64decode(entry.auth, validate=True).decode("ascii") if entry else ""
    except (binascii.Error, ValueError):
        text = ""
    username, _, password = text.removesuffix("\n").partition(":")
    return username, password


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[DigitalOceanOptions] = DigitalOceanProvider()
    return [provider]
