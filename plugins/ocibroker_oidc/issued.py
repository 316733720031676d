"""A token that is asked for: by one of the sources that references may name too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ocibroker.provider import FetchRequest, Request, Secret, VariableSource
from ocibroker_oidc.asking import Asking
from ocibroker_oidc.exchanges import audience_of
from ocibroker_oidc.identity_token import IdentityTokenOptions
from ocibroker_oidc.options import OidcOptions
from ocibroker_oidc.principal import digest


@dataclass(frozen=True, slots=True)
class Issued:
    """Asks ``issuer``; ``made`` are its options, by those of a rule and the audience.

    ``legible`` says that no secret is in the variables that decide whose token it is.
    """

    issuer: VariableSource[Any]
    made: Callable[[OidcOptions, str], IdentityTokenOptions]
    legible: bool = False

    def parts(self, request: Request[OidcOptions]) -> tuple[str, ...]:
        """Return who is asked for what, and what decides whose token it is."""
        options = self._made(request.options)
        said = {name: request.environ.get(name) for name in self.issuer.variables(options)}
        whose = (f"{name} {value if self.legible else digest(value)}" for name, value in said.items() if value)
        return (f"{self.issuer.name} {self.issuer.place(options)}", *whose)

    def watch(self, request: Request[OidcOptions]) -> tuple[Path, ...]:
        """Return the files that decide it too."""
        return self.issuer.watch(self._made(request.options), request.environ)

    def token(self, asking: Asking) -> Secret:
        """Return it; it is exchanged at once, so that its end does not matter."""
        request: FetchRequest[Any] = asking.request
        found = self.issuer.read(replace(request, options=self._made(asking.request.options)))
        return found if isinstance(found, Secret) else found.secret

    def _made(self, options: OidcOptions) -> IdentityTokenOptions:
        return self.made(options, audience_of(options))
