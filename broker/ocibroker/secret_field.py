"""One field of a secret that is a JSON object, as stores keep a user name and a password together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ocibroker.errors import CredentialUnavailable, InvalidValue
from ocibroker.secret import Secret

_CORRECT: Final = "correct key in the reference, or what is kept there"


def secret_field(content: str, key: str) -> Secret:
    """Return the text under ``key`` of a JSON object, or all of ``content`` where no key is named.

    One line break at the end does not belong to it. Raises :class:`~ocibroker.errors.CredentialUnavailable` that
    shows the key and nothing of the content.
    """
    return secret_under(_object(content, key), key) if key else _secret(content)


def secret_under(values: Mapping[str, Any], key: str) -> Secret:
    """Return the secret under ``key`` of what a store has already taken apart; errors as :func:`secret_field`."""
    return _secret(text_under(values, key), key)


def text_under(values: Mapping[str, Any], key: str) -> str:
    """Return the same where it is no secret, such as a user name."""
    if key not in values:
        raise CredentialUnavailable(f"has nothing under {key!r}", hint=_CORRECT)
    if not isinstance(values[key], str):
        raise CredentialUnavailable(f"has something else than text under {key!r}", hint=_CORRECT)
    text: str = values[key]
    return text


def _object(content: str, key: str) -> Mapping[str, Any]:
    try:
        found: Any = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        found = None
    if not isinstance(found, dict):
        raise CredentialUnavailable(f"is no JSON object, so it has no {key!r}", hint="leave out key")
    return found


def _secret(text: str, key: str = "") -> Secret:
    try:
        return Secret(text.removesuffix("\n").removesuffix("\r"))
    except InvalidValue as error:
        why = error.message
    raise CredentialUnavailable(f"{why} (under {key!r})" if key else why, hint="correct what is kept there")
