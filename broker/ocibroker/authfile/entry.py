"""One entry as it stands in the file: from JSON to a login and back.

Where an entry has several kinds of secret, ``registrytoken`` comes before ``identitytoken``, and that before a
password, as a daemon of Docker takes them (``NewV2Repository`` passes a registry token through, else it prefers the
identity token) and oras-go (``fetchBearerToken``: access token, refresh token, password). ``auth`` comes before
``username`` and ``password`` (docker/cli ``LoadFromReader``, oras-go ``AuthConfig.Credential``).
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from ocibroker.authfile.login import Login
from ocibroker.credential import Basic, Bearer, Credential, IdentityToken
from ocibroker.errors import InvalidValue
from ocibroker.secret import Secret


class Entry(msgspec.Struct, kw_only=True):
    """The keys that matter; ``keyring`` is ocibroker's own."""

    auth: str | None = None
    username: str | None = None
    password: str | None = None
    identitytoken: str | None = None
    registrytoken: str | None = None
    keyring: bool = False

    def __repr__(self) -> str:
        # A traceback with local variables must not show the secrets.
        return "Entry(…)"


def decode_entry(key: str, raw: msgspec.Raw) -> Login:
    """Return the login that ``raw`` is; raises :class:`~ocibroker.errors.InvalidValue`, which shows none of it."""
    try:
        entry = msgspec.json.decode(raw, type=Entry | None) or Entry()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        entry = None
    if entry is None:  # here, so that the text does not hang on the error
        raise InvalidValue("is no object of texts")
    if entry.keyring:
        if not entry.username:
            raise InvalidValue("names the keyring and no user")
        return Login(key, keyring=entry.username)
    return Login(key, _credential(entry))


def encode_entry(login: Login) -> dict[str, Any]:
    """Return the object to be written for ``login``."""
    match login.credential:
        case None:
            return {"username": login.keyring, "keyring": True} if login.keyring else {}
        case Basic(username=username, secret=secret):
            return {"auth": _joined(username, secret.reveal())}
        case IdentityToken(username=username, secret=secret):
            named = {"auth": _joined(username, "")} if username else {}
            return {**named, "identitytoken": secret.reveal()}
        case Bearer(secret=secret):
            return {"registrytoken": secret.reveal()}


def _credential(entry: Entry) -> Credential | None:
    username, password = _pair(entry)
    if entry.registrytoken:
        return Bearer(secret=Secret(entry.registrytoken))
    if entry.identitytoken:
        return IdentityToken(username=username, secret=Secret(entry.identitytoken))
    if not username and not password:
        return None
    return Basic(username=username, secret=Secret(password))


def _pair(entry: Entry) -> tuple[str, str]:
    """Return user name and password. Go's decoder skips line breaks, and Docker trims NULs."""
    if not entry.auth:
        return entry.username or "", entry.password or ""
    try:
        text = base64.b64decode(entry.auth.translate({10: None, 13: None}), validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    username, colon, password = text.partition(":")
    if not colon:
        raise InvalidValue("has an auth that is not the base64 of user:password")
    return username, password.strip("\x00")


def _joined(username: str, password: str) -> str:
    return base64.b64encode(f"{username}:{password}".encode()).decode("ascii")
