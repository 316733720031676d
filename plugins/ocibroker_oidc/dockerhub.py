"""OIDC connections of Docker Hub.

As Docker's own client does it: https://github.com/docker/login-action, ``src/dockerhub.ts``.
"""

from __future__ import annotations

from typing import Final

from ocibroker.provider import Basic, Secret
from ocibroker_oidc.asking import Asking
from ocibroker_oidc.granted import granted
from ocibroker_oidc.rfc8693 import GRANT, ID_TOKEN

_URL: Final = "https://identity.docker.com"
_LIFE: Final = "300"
"""Seconds, of 300 to 3600 that may be asked for."""


def trade(asking: Asking, subject: Secret) -> Basic:
    """Return the token of the organisation ``username``."""
    options = asking.request.options
    url = options.url.rstrip("/") or _URL
    form = {
        "grant_type": GRANT,
        "subject_token_type": ID_TOKEN,
        "subject_token": subject.reveal(),
        "expires_in": _LIFE,
        **options.parameters,
    }
    life = form["expires_in"]
    if not life.isdecimal():
        raise asking.failed("parameters.expires_in", "is no number of seconds", "write 300 to 3600, as text")
    answer = asking.post_form(f"{url}/oauth/token", form)
    return granted(asking, url, answer, lambda said: said.access_token, int(life)).basic(options.username)
