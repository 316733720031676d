"""``digitalocean``: a registry's own credentials, which an API token is exchanged for.

https://docs.digitalocean.com/reference/api/reference/container-registries/
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from ocibroker.provider import (
    Basic,
    Identity,
    JsonAnswer,
    OcibrokerError,
    Options,
    Provider,
    Request,
    Secret,
    SecretRef,
    Target,
    TokenService,
    providers,
)

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest

TESTED: Final = (("API token", "emulator: DigitalOcean's API"),)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""

_API: Final = "https://api.digitalocean.com/v2"
_SERVICE: Final = TokenService(
    name="DigitalOcean's API",
    cures={
        401: "make another API token: this one has expired or is revoked",
        403: "give the API token the scope registry:read, and for read_write registry:update",
        404: "create the registry, or correct registry in the rule",
    },
    final=frozenset({401}),
)
_LONGEST: Final = 86_400


class DigitalOceanOptions(Options, frozen=True, kw_only=True):
    """``token`` is an API token; ``registry`` the registry's name, where a team has several.

    What it is exchanged for lives ``expires_in`` seconds, and may push if ``read_write`` is set.
    """

    token: SecretRef
    registry: str = ""
    expires_in: int = 3600
    read_write: bool = False

    def __post_init__(self) -> None:
        if not 60 <= self.expires_in <= _LONGEST:
            raise ValueError(f"expires_in is no number of seconds from 60 to {_LONGEST}")
        if self.registry and not re.fullmatch("[a-z0-9][a-z0-9-]{0,62}", self.registry, re.ASCII):
            raise ValueError("registry is no name of a registry")


class _Entry(JsonAnswer):
    auth: str


class _Config(JsonAnswer):
    """A ``config.json`` of Docker's."""

    auths: dict[str, _Entry]


class DigitalOceanProvider:
    """Serves whatever a rule gives it; claims nothing by itself."""

    name = "digitalocean"
    options = DigitalOceanOptions

    def claim(self, target: Target) -> None:
        """Claim nothing: whose token it is, only a rule can say."""

    def identity(self, request: Request[DigitalOceanOptions]) -> Identity:
        """Return where the API token is, which registry is meant, and what may be done there."""
        options = request.options
        may = "read and write" if options.read_write else "read"
        return Identity(
            (f"token from {options.token}", f"registry {options.registry}", may), watch=options.token.watch
        )

    def fetch(self, request: FetchRequest[DigitalOceanOptions]) -> Basic:
        """Exchange the API token.

        Raises :class:`~ocibroker.errors.CredentialUnavailable`, and what a connection raises.
        """
        options, now = request.options, request.clock.now()
        named = f"registries/{options.registry}" if options.registry else "registry"
        wanted = {"expiry_seconds": str(options.expires_in), "read_write": str(options.read_write).lower()}
        url, token = f"{_API}/{named}/docker-credentials", request.secret(options.token)
        found = _SERVICE.ask(request, "GET", url, _Config, bearer=token, params=wanted)
        if (pair := _pair(found, request.target.registry)) is None:
            raise _SERVICE.nothing_in_it()
        until = now + timedelta(seconds=options.expires_in)
        return Basic(username=pair[0], secret=pair[1], issued_at=now, expires_at=until)


def _pair(config: _Config, registry: str) -> tuple[str, Secret] | None:
    entry = config.auths.get(registry)
    try:
        user, _, password = base64.b64decode(entry.auth if entry else "", validate=True).decode().partition(":")
        return (user, Secret(password.removesuffix("\n"))) if user else None
    except (ValueError, OcibrokerError):
        return None


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[DigitalOceanOptions] = DigitalOceanProvider()
    return [provider]
