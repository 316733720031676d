"""A token that is kept somewhere: in a file that somebody renews, or in a variable of a job."""

from __future__ import annotations

from pathlib import Path

from ocibroker.provider import CredentialUnavailable, Request, Secret
from ocibroker_oidc.asking import Asking
from ocibroker_oidc.options import OidcOptions
from ocibroker_oidc.principal import digest


class Kept:
    """Reads the rule's ``token``."""

    def parts(self, request: Request[OidcOptions]) -> tuple[str, ...]:
        """Return where it is kept; of a variable also which value it has, since each job has its own."""
        kept = request.options.token
        value = request.environ.get(kept.env, "") if kept and kept.env else ""
        return (f"token of {kept}", *([f"digest {digest(value)}"] if value else []))

    def watch(self, request: Request[OidcOptions]) -> tuple[Path, ...]:
        """Return its file."""
        kept = request.options.token
        return kept.watch if kept else ()

    def token(self, asking: Asking) -> Secret:
        """Return it; whom it is for, was decided where it was made."""
        if (kept := asking.request.options.token) is None:
            raise CredentialUnavailable("no token is named", hint="set token in the rule")
        return asking.request.secret(kept)
