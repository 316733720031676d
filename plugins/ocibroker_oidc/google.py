"""The token of a machine, a pod or a function of Google Cloud, by its metadata server.

https://cloud.google.com/compute/docs/instances/verifying-instance-identity
"""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import quote

from ocibroker.provider import ConnectionFailed, OcibrokerError, Request, Secret
from ocibroker_oidc.asking import Asking
from ocibroker_oidc.options import OidcOptions

_ADDRESS: Final = "169.254.169.254"
_FLAVOR: Final = "Metadata-Flavor"
_PATIENCE: Final = 1.0
_WHO: Final = "the metadata server of Google Cloud"


class Google:
    """Asks for the default account of the machine."""

    def parts(self, request: Request[OidcOptions]) -> tuple[str, ...]:
        """Return which server it is."""
        return (f"metadata server {_server(request)}",)

    def watch(self, request: Request[OidcOptions]) -> tuple[Path, ...]:
        """Return nothing."""
        return ()

    def token(self, asking: Asking, audience: str) -> Secret:
        """Return a token for ``audience``, which must be said."""
        if not audience:
            raise asking.failed(_WHO, "wants an audience", "set audience in the rule")
        url = f"http://{_server(asking.request)}/computeMetadata/v1/instance/service-accounts/default/identity"
        if asking.request.tls(url).proxy is not None:  # it would be another machine's
            raise asking.failed(_WHO, "would be asked through a proxy", "add its host to NO_PROXY")
        try:
            asked = f"{url}?audience={quote(audience, safe='')}&format=full"
            answer = asking.send("GET", asked, headers={_FLAVOR: "Google"}, seconds=_PATIENCE)
        except ConnectionFailed as error:
            asking.request.deadline.left()
            failure: OcibrokerError = asking.absent(_WHO, error.message, "run it on Google Cloud")
        else:
            if answer.headers.get(_FLAVOR) == "Google" and answer.status == 200:
                return asking.secret(_WHO, answer.body.decode("ascii", "replace").strip())
            failure = asking.failed(_WHO, f"gave no token: status {answer.status}", "give the machine an account")
        raise failure


def _server(request: Request[OidcOptions]) -> str:
    return request.environ.get("GCE_METADATA_HOST") or _ADDRESS
