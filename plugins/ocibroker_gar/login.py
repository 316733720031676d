"""A person's login, as ``gcloud auth application-default login`` keeps it.

https://google.aip.dev/auth/4113, https://datatracker.ietf.org/doc/html/rfc6749#section-6
"""

from __future__ import annotations

import base64

from ocibroker_gar.asking import Asking
from ocibroker_gar.document import Login
from ocibroker_gar.endpoints import endpoint, is_endpoint
from ocibroker_gar.faults import REFRESHED
from ocibroker_gar.token import Token


def login_token(asking: Asking, login: Login) -> Token:
    """Return a token for a login with a Google account."""
    form = {
        "grant_type": "refresh_token",
        "client_id": login.client_id,
        "client_secret": login.client_secret,
        "refresh_token": login.refresh_token,
    }
    return asking.grant(REFRESHED, endpoint("oauth2", asking.universe, "/token"), form)


def workforce_token(asking: Asking, login: Login) -> Token:
    """Return a token for a login by workforce identity federation."""
    path = "/v1/oauthtoken"
    url = login.token_url or endpoint("sts", asking.universe, path)
    if not is_endpoint(url, "sts", asking.universe, path):
        raise asking.failed("token_url of the login is no address of Google's", "log in again")
    form = {"grant_type": "refresh_token", "refresh_token": login.refresh_token}
    return asking.grant(REFRESHED, url, form, client(login.client_id, login.client_secret))


def client(ident: str, secret: str) -> dict[str, str]:
    """Return the header by which an OAuth client shows who it is (RFC 6749 section 2.3.1)."""
    pair = base64.b64encode(f"{ident}:{secret}".encode()).decode("ascii")
    return {"Authorization": f"Basic {pair}"}
