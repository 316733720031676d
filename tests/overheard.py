"""What was logged, searched for the secrets that the tests issue."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from ocibroker.testing.tokens import PREFIX
from tests.transport.canary import MARK, everything_logged, forms

FIXED: Final = (
    "wonder",
    "alice:wonder",
    "hunter2",
    "c0rrect-h0rse",
    "canary-Kw27",
    "c4n4ry",
    "p4ss-of-the-fleet",
    "the-registrys-token",
)
"""The passwords and tokens that many tests write out."""

_SHORTEST: Final = 8
"""Of a form that is no text of anybody's: fewer letters of base64 are found everywhere."""


def _sought() -> dict[str, str]:
    found: dict[str, str] = {}
    for secret in (MARK, PREFIX, *FIXED):
        for name, form in forms(secret.encode()).items():
            if form == secret or len(form) >= _SHORTEST:
                found.setdefault(form.lower(), name)
    return found


_SOUGHT: Final = _sought()
"""Forms in small letters, and how they are called."""


def overheard(records: Iterable[logging.LogRecord]) -> list[str]:
    """Name who has logged a secret, where, and in which form; the secret itself is not told again."""
    return [
        f"{record.name} at {record.filename}:{record.lineno}: {name}"
        for record in records
        for name in _found(everything_logged([record]).lower())
    ]


def _found(text: str) -> list[str]:
    return sorted({name for form, name in _SOUGHT.items() if form in text})
