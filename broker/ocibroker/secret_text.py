"""Text that somebody else says is a secret."""

from __future__ import annotations

from ocibroker.errors import InvalidValue
from ocibroker.secret import Secret


def as_secret(text: str) -> Secret | None:
    """Return ``text`` as a secret, or none where it cannot be one: empty, too long, or with control characters."""
    try:
        return Secret(text)
    except InvalidValue:
        return None
