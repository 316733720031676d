"""Authentication files as they are found."""

import base64
import json

from ocibroker.authfile import AuthFile
from ocibroker.target import Target


def auth(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def basic(text: str = "alice:wonder") -> dict[str, object]:
    return {"auth": auth(text)}


def document(**entries: object) -> bytes:
    return json.dumps({"auths": entries}).encode()


def holding(*keys: str, entry: object = None) -> AuthFile:
    """Return a file with one entry under each of ``keys``, whose user is the key's place in the file."""
    entries = {key: entry or basic(f"user{number}:wonder") for number, key in enumerate(keys)}
    return AuthFile.parse(document(**entries), source="auth.json")


def image(text: str) -> Target:
    return Target.parse(text)
