"""``{ google_identity = { … } }``: the token of a machine, a pod or a function of Google Cloud.

Its metadata server gives it: https://cloud.google.com/compute/docs/instances/verifying-instance-identity
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ocibroker.provider import ConnectionFailed, OcibrokerError
from ocibroker_oidc.identity_token import AddressedOptions

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest, Leased, Secret

_HOST: Final = "GCE_METADATA_HOST"
_ADDRESS: Final = "169.254.169.254"
_FLAVOR: Final = "Metadata-Flavor"
_PATIENCE: Final = 1.0
_WHO: Final = "the metadata server of Google Cloud"


class GoogleIdentity:
    """Asks for the default account of the machine."""

    name = "google_identity"
    options = AddressedOptions
    reach: Final = "local"

    def place(self, options: AddressedOptions) -> str:
        """Return for whom it is."""
        return f"for {options.audience}"

    def watch(self, options: AddressedOptions, environ: Mapping[str, str]) -> tuple[Path, ...]:
        """Return nothing."""
        return ()

    def variables(self, options: AddressedOptions) -> tuple[str, ...]:
        """Return the one that says which server it is."""
        return (_HOST,)

    def read(self, request: FetchRequest[AddressedOptions]) -> Secret | Leased:
        """Return a token.

        Raises :class:`~ocibroker.errors.NoIdentity` elsewhere than on Google Cloud, and other
        :class:`~ocibroker.errors.CredentialUnavailable`.
        """
        from ocibroker_oidc.lent import lent
        from ocibroker_oidc.speaking import Speaking

        speaking = Speaking(request)
        server = request.environ.get(_HOST) or _ADDRESS
        url = f"http://{server}/computeMetadata/v1/instance/service-accounts/default/identity"
        if request.tls(url).proxy is not None:  # it would be another machine's
            raise speaking.failed(_WHO, "would be asked through a proxy", "add its host to NO_PROXY")
        try:
            asked = f"{url}?audience={quote(request.options.audience, safe='')}&format=full"
            answer = speaking.send("GET", asked, headers={_FLAVOR: "Google"}, seconds=_PATIENCE)
        except ConnectionFailed as error:
            request.deadline.left()
            failure: OcibrokerError = speaking.absent(_WHO, error.message, "run it on Google Cloud")
        else:
            if answer.headers.get(_FLAVOR) == "Google" and answer.status == 200:
                return lent(speaking, _WHO, answer.body.decode("ascii", "replace").strip())
            failure = speaking.failed(_WHO, f"gave no token: status {answer.status}", "give the machine an account")
        raise failure
