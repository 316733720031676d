"""The token of whoever asks, which a front end received: a workload's own service account."""

from __future__ import annotations

from pathlib import Path

from ocibroker.provider import Request, Secret
from ocibroker_oidc.asking import Asking
from ocibroker_oidc.options import OidcOptions
from ocibroker_oidc.principal import digest


class Brought:
    """Takes the caller's token."""

    def parts(self, request: Request[OidcOptions]) -> tuple[str, ...]:
        """Return which token it is."""
        token = request.caller.token if request.caller else None
        return (f"caller {digest(token.reveal())}" if token else "nobody",)

    def watch(self, request: Request[OidcOptions]) -> tuple[Path, ...]:
        """Return nothing."""
        return ()

    def token(self, asking: Asking) -> Secret:
        """Return it; whom it is for, was decided where it was made."""
        caller = asking.request.caller
        if caller is None or caller.token is None:
            hint = "set tokenAttributes for the kubelet, or another source in the rule"
            raise asking.absent("the caller", "has brought no token", hint)
        return caller.token
