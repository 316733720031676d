"""Files that are read whole, up to a bound."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ocibroker.provider import CredentialUnavailable

LARGEST: Final = 1024 * 1024
"""Bytes: far above any credential file."""


def content_of(path: Path) -> bytes:
    """Return what is in a file; raises :class:`~ocibroker.errors.CredentialUnavailable` that names it."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
    except ValueError:
        why = "cannot be read: its name holds a NUL or invalid Unicode"
    else:
        if len(content) <= LARGEST:
            return content
        why = f"is longer than {LARGEST} bytes"
    raise CredentialUnavailable(why, culprit=f"file {path}", hint="correct the path, the owner or the mode")
