"""``{ google_identity = { … } }``: the token of a machine, a pod or a function of Google Cloud.

Its metadata server gives it: https://cloud.google.com/compute/docs/instances/verifying-instance-identity
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ocibroker.provider import ConnectionFailed, OcibrokerError
from ocibroker_oidc.identity_token import IdentityTokenOptions

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest, Leased, Secret

_HOST: Final = "GCE_METADATA_HOST"
_ADDRESS: Final = "169.254.169.254"
_FLAVOR: Final = "Metadata-Flavor"
_PATIENCE: Final = 1.0
_WHO: Final = "the metadata server of Google Cloud"


class GoogleIdentityOptions(IdentityTokenOptions, frozen=True, kw_only=True):
    """``audience`` must be said."""

    audience: str


class GoogleIdentity:
    """Asks for the default account of the machine."""

    name = "google_identity"
    options = GoogleIdentityOptions
    reach: Final = "local"

    def place(self, options: GoogleIdentityOptions) -> str:
        """Return for whom it is."""
        return f"for {options.audience or 'nobody'}"

    def watch(self, options: GoogleIdentityOptions, environ: Mapping[str, str]) -> tuple[Path, ...]:
        """Return nothing."""
        return ()

    def variables(self, options: GoogleIdentityOptions) -> tuple[str, ...]:
        """Return the one that says which server it is."""
        return (_HOST,)

    def read(self, request: FetchRequest[GoogleIdentityOptions]) -> Secret | Leased:
        """Return a token.

        Raises :class:`~ocibroker.errors.NoIdentity` elsewhere than on Google Cloud, and other
        :class:`~ocibroker.errors.CredentialUnavailable`.
        """
        from ocibroker_oidc.lent import lent
        from ocibroker_oidc.speaking import Speaking

        speaking, audience = Speaking(request), request.options.audience
        if not audience:
            raise speaking.failed(_WHO, "wants an audience", "set audience")
        server = request.environ.get(_HOST) or _ADDRESS
        url = f"http://{server}/computeMetadata/v1/instance/service-accounts/default/identity"
        if request.tls(url).proxy is not None:  # it would be another machine's
            raise speaking.failed(_WHO, "would be asked through a proxy", "add its host to NO_PROXY")
        try:
            asked = f"{url}?audience={quote(audience, safe='')}&format=full"
            answer = speaking.send("GET", asked, headers={_FLAVOR: "Google"}, seconds=_PATIENCE)
        except ConnectionFailed as error:
            request.deadline.left()
            failure: OcibrokerError = speaking.absent(_WHO, error.message, "run it on Google Cloud")
        else:
            if answer.headers.get(_FLAVOR) == "Google" and answer.status == 200:
                return lent(speaking, _WHO, answer.body.decode("ascii", "replace").strip())
            failure = speaking.failed(_WHO, f"gave no token: status {answer.status}", "give the machine an account")
        raise failure
