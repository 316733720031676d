"""OIDC integrations of the JFrog Platform.

https://jfrog.com/help/r/artifactory-under-the-hood-debugging-the-oidc-token-exchange-flow
"""

from __future__ import annotations

import json

from ocibroker.provider import Basic, Secret
from ocibroker_oidc.asking import Asking
from ocibroker_oidc.granted import granted
from ocibroker_oidc.rfc8693 import GRANT, ID_TOKEN


def trade(asking: Asking, subject: Secret) -> Basic:
    """Return the access token of the user whom the rule or the platform names."""
    options = asking.request.options
    url = options.url.rstrip("/") or f"https://{asking.request.target.registry}"
    said = {
        **options.parameters,
        "grant_type": GRANT,
        "subject_token_type": ID_TOKEN,
        "subject_token": subject.reveal(),
    }
    answer = asking.send(
        "POST",
        f"{url}/access/api/v1/oidc/token",
        headers={"Content-Type": "application/json"},
        content=json.dumps(said).encode(),
    )
    got = granted(asking, url, answer, lambda found: found.access_token)
    if not (username := options.username or got.said.username):
        raise asking.failed(url, "does not say whose token it is", "set username in the rule")
    return got.basic(username)
