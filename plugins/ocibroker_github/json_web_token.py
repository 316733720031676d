"""The proof that somebody is a GitHub App: a JSON web token (RFC 7519) that its key has signed.

https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib.util import find_spec
from typing import Final

from ocibroker.provider import CredentialUnavailable, Secret

_BEFORE: Final = timedelta(seconds=60)
"""GitHub's clock may be behind ours: it takes no proof from the future."""

_LIFE: Final = timedelta(minutes=9)
"""Ten at most, by GitHub's clock; the rest is for ours, should it be ahead."""


def signed(app: str, key: Secret, now: datetime) -> Secret:
    """Return the proof, by RS256.

    Raises :class:`~ocibroker.errors.CredentialUnavailable` for a key that cannot sign, and where what signs is
    not installed.
    """
    if not _can_sign():
        raise CredentialUnavailable("cryptography is not installed", hint="pip install 'ocibroker[github-app]'")
    claims = {"iat": _seconds(now - _BEFORE), "exp": _seconds(now + _LIFE), "iss": app}
    text = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
    return Secret(f"{text}.{_encoded(_signature(key, text.encode()))}")


def _can_sign() -> bool:
    try:
        return find_spec("cryptography") is not None
    except ImportError:
        return False


def _signature(key: Secret, text: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        loaded = load_pem_private_key(key.reveal().encode(), password=None)
        if isinstance(loaded, RSAPrivateKey):
            return loaded.sign(text, PKCS1v15(), SHA256())
    except Exception:  # noqa: BLE001, S110  # what is raised for a broken key may quote it
        pass
    hint = "download another key of the app: PEM, RSA, without a password"
    raise CredentialUnavailable("cannot be used", culprit="private_key", hint=hint)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _part(claims: Mapping[str, object]) -> str:
    return _encoded(json.dumps(claims, separators=(",", ":")).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
