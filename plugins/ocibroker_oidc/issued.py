"""A token that is asked for: by one of the sources that references may name too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ocibroker.provider import FetchRequest, Request, Secret, VariableSource
from ocibroker_oidc.asking import Asking
from ocibroker_oidc.identity_token import IdentityTokenOptions
from ocibroker_oidc.options import OidcOptions
from ocibroker_oidc.principal import digest


@dataclass(frozen=True, slots=True)
class Issued:
    """Asks ``issuer``; ``made`` are its options, by those of a rule and the audience."""

    issuer: VariableSource[Any]
    made: Callable[[OidcOptions, str], IdentityTokenOptions]

    def parts(self, request: Request[OidcOptions]) -> tuple[str, ...]:
        """Return who is asked for what, and what decides whose token it is."""
        options = self.made(request.options, request.options.audience)
        whose = (digest(request.environ.get(name, "")) for name in self.issuer.variables(options))
        return (f"{self.issuer.name} {self.issuer.place(options)}", *whose)

    def watch(self, request: Request[OidcOptions]) -> tuple[Path, ...]:
        """Return the files that decide it too."""
        options = self.made(request.options, request.options.audience)
        return self.issuer.watch(options, request.environ)

    def token(self, asking: Asking, audience: str) -> Secret:
        """Return it; it is exchanged at once, so that its end does not matter."""
        request: FetchRequest[Any] = asking.request
        found = self.issuer.read(replace(request, options=self.made(asking.request.options, audience)))
        return found if isinstance(found, Secret) else found.secret
