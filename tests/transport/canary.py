"""A secret that is looked for in everything that is written down."""

from __future__ import annotations

import base64
import logging
import secrets
import traceback
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, quote_plus

from ocibroker.provider import Secret

MARK: Final = "canary/sings"
"""What every secret that was made for a test begins with, so that one is found without being known."""


class Canary:
    """``secret`` is unique to the test, or what it is made of; ``hits`` are the forms of it that a text holds."""

    def __init__(self, text: str = "") -> None:
        self._text = text or f"{MARK}/{secrets.token_hex(12)}+é"

    def __repr__(self) -> str:
        return "<a canary>"

    @property
    def secret(self) -> Secret:
        return Secret(self._text)

    @property
    def ascii(self) -> Secret:
        """The same without what a header cannot carry."""
        return Secret(self._text.removesuffix("é"))

    def hits(self, text: str) -> list[str]:
        """Name each form in which the secret, or the part of it that is ASCII, stands in ``text``."""
        lowered = text.lower()
        return [
            name
            for value in (self._text, self.ascii.reveal())
            for name, form in forms(value.encode()).items()
            if form.lower() in lowered
        ]


def forms(value: bytes) -> dict[str, str]:
    """Return ``value``, and what it is written as, under the names of these ways."""
    text = value.decode()
    forms = {
        "raw": text,
        "repr": repr(value)[2:-1],
        "quoted": quote(text, safe=""),
        "quoted-plus": quote_plus(text),
        "hex": value.hex(),
    }
    for shift in range(3):  # base64 shows the same bytes in three ways, by what stands before them
        encoded = base64.b64encode(shift * b"x" + value).decode().rstrip("=")
        forms[f"base64-{shift}"] = encoded[4 if shift else 0 : -4]
    return forms


def everything_about(error: BaseException) -> str:
    """All that a careless host application could print of ``error``: its chain, with the local variables."""
    told = [str(error), repr(error), repr(vars(error))]
    trace = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "\n".join([*told, *trace.format(chain=True)])


def everything_logged(records: list[logging.LogRecord]) -> str:
    return "\n".join(f"{record.getMessage()} {vars(record)!r}" for record in records)


def outcome(action: Callable[[], object]) -> object:
    """Return what ``action`` gives or raises. No frame from here on may hold a secret: every test would find it."""
    try:
        return action()
    except Exception as error:  # noqa: BLE001  # whatever it is, it is searched
        return error
