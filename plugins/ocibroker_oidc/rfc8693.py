"""OAuth 2.0 Token Exchange, of whoever follows RFC 8693.

https://datatracker.ietf.org/doc/html/rfc8693
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote_plus

from ocibroker.provider import Basic, Bearer, OcibrokerError, Secret
from ocibroker_oidc.asking import Asking
from ocibroker_oidc.granted import Granted, granted

GRANT: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN: Final = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105  # a type's name
JWT: Final = "urn:ietf:params:oauth:token-type:jwt"


def trade(asking: Asking, subject: Secret) -> Basic | Bearer:
    """Return the access token: as the password of ``username``, or without one as a bearer token."""
    options = asking.request.options
    form = {
        "subject_token_type": JWT,
        **options.parameters,
        "grant_type": GRANT,
        "subject_token": subject.reveal(),
    }
    if options.client_id and options.client_secret is None:
        form["client_id"] = options.client_id
    answer = asking.post_form(options.url, form, _client(asking))
    got = granted(asking, options.url, answer, lambda said: said.access_token)
    return got.basic(options.username) if options.username else _bearer(asking, got)


def _client(asking: Asking) -> Mapping[str, str]:
    """Return how the client says who it is (RFC 6749, 2.3.1)."""
    options = asking.request.options
    if options.client_secret is None:
        return {}
    secret = asking.request.secret(options.client_secret)
    pair = f"{quote_plus(options.client_id)}:{quote_plus(secret.reveal())}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"}


def _bearer(asking: Asking, got: Granted) -> Bearer:
    if got.said.token_type.lower() == "bearer":
        try:
            return got.bearer()
        except OcibrokerError:
            pass
    why = "gave what is no bearer token"
    raise asking.failed(asking.request.options.url, why, "set username in the rule, if it is a password")
