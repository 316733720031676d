"""A service account's key: it signs an assertion, which is exchanged for a token.

https://developers.google.com/identity/protocols/oauth2/service-account#httprest
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from ocibroker.provider import Secret, hush
from ocibroker_gar.asking import Asking
from ocibroker_gar.document import Key
from ocibroker_gar.endpoints import endpoint, is_endpoint
from ocibroker_gar.faults import SIGNED
from ocibroker_gar.registry import PUBLIC
from ocibroker_gar.sdk import PACKAGE, need_sdk
from ocibroker_gar.token import SCOPE, Token

_LIFE: Final = timedelta(hours=1)
"""No assertion may live longer."""

_OLDER: Final = frozenset(
    {"", "https://accounts.google.com/o/oauth2/token", "https://www.googleapis.com/oauth2/v4/token"}
)
"""What keys of former years say; the service is the same."""


def key_token(asking: Asking, key: Key) -> Token:
    """Return the token of a service account.

    Raises :class:`~ocibroker.errors.CredentialUnavailable`.
    """
    now = datetime.fromtimestamp(int(asking.request.clock.now().timestamp()), UTC)
    times = {"iat": int(now.timestamp()), "exp": int((now + _LIFE).timestamp())}
    if asking.universe != PUBLIC:
        # Only the public universe has an OAuth token endpoint: https://google.aip.dev/auth/4111.
        own = {"iss": key.client_email, "sub": key.client_email, "scope": SCOPE, **times}
        return Token(_signed(asking, key, own), now + _LIFE)
    url = _token_url(asking, key)
    assertion = _signed(asking, key, {"iss": key.client_email, "scope": SCOPE, "aud": url, **times})
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    return asking.grant(SIGNED, url, {"grant_type": grant, "assertion": assertion.reveal()})


def _token_url(asking: Asking, key: Key) -> str:
    if key.token_uri in _OLDER:
        return endpoint("oauth2", PUBLIC, "/token")
    if is_endpoint(key.token_uri, "oauth2", PUBLIC, "/token"):
        return key.token_uri
    raise asking.failed("token_uri of the key is no address of Google's", "create another key")


def _signed(asking: Asking, key: Key, claims: Mapping[str, object]) -> Secret:
    """Return a JSON web token (RFC 7519) that the key has signed."""
    need_sdk()
    from google.auth import jwt
    from google.auth.crypt import RSASigner

    hush(PACKAGE)  # the import has made more loggers
    try:
        signer = RSASigner.from_string(key.private_key, key.private_key_id or None)
        return Secret(jwt.encode(signer, claims).decode("ascii"))
    except Exception:  # noqa: BLE001, S110  # what is raised for a broken key may quote it
        pass
    raise asking.failed("the key's private_key cannot be used", "create another key")
