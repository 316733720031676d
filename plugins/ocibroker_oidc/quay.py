"""Robot federation of Quay.

https://docs.projectquay.io/manage_quay.html#exchanging-oauth2-robot-account-token
"""

from __future__ import annotations

import base64

from ocibroker.provider import Basic, Secret
from ocibroker_oidc.asking import Asking
from ocibroker_oidc.granted import granted


def trade(asking: Asking, subject: Secret) -> Basic:
    """Return the robot's token, which lives an hour, or as long as it says itself."""
    options = asking.request.options
    url = options.url.rstrip("/") or f"https://{asking.request.target.registry}"
    pair = f"{options.username}:{subject.reveal()}"
    proof = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"}
    answer = asking.send("GET", f"{url}/oauth2/federation/robot/token", headers=proof)
    return granted(asking, url, answer, lambda said: said.token).basic(options.username)
