"""Assumable identities of Chainguard.

https://edu.chainguard.dev/chainguard/administration/assumable-ids/assumable-ids/
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from ocibroker.provider import Basic, Secret
from ocibroker_oidc.asking import Asking
from ocibroker_oidc.granted import granted

_URL: Final = "https://issuer.enforce.dev"
_REGISTRY: Final = "cgr.dev"


def trade(asking: Asking, subject: Secret) -> Basic:
    """Return the token for the registry; its user may have any name."""
    options = asking.request.options
    url = options.url.rstrip("/") or _URL
    query = urlencode({"aud": _REGISTRY, "identity": options.parameters["identity"]})
    proof = {"Authorization": f"Bearer {subject.reveal()}"}
    answer = asking.send("GET", f"{url}/sts/exchange?{query}", headers=proof)
    return granted(asking, url, answer, lambda said: said.token).basic(options.username or "user")
