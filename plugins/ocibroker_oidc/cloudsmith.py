"""OpenID Connect of Cloudsmith.

https://docs.cloudsmith.com/api/openid/create
"""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import quote

from ocibroker.provider import Basic, Secret
from ocibroker_oidc.asking import Asking
from ocibroker_oidc.granted import granted

_URL: Final = "https://api.cloudsmith.io"


def trade(asking: Asking, subject: Secret) -> Basic:
    """Return the token of the service account."""
    options = asking.request.options
    url = options.url.rstrip("/") or _URL
    said = {"oidc_token": subject.reveal(), "service_slug": options.parameters["service_slug"]}
    answer = asking.send(
        "POST",
        f"{url}/openid/{quote(options.parameters['organization'], safe='')}/",
        headers={"Content-Type": "application/json"},
        content=json.dumps(said).encode(),
    )
    return granted(asking, url, answer, lambda found: found.token).basic(options.username or "token")
