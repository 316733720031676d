"""What google-auth does here: it signs, for a service account's key and for an identity of AWS."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from ocibroker.provider import CredentialUnavailable

PACKAGE: Final = "google"
"""Whose loggers are kept quiet."""


def need_sdk() -> None:
    """Raise :class:`~ocibroker.errors.CredentialUnavailable` that says what to install where there is no SDK.

    It is not imported: that takes longer than most tokens, which need no signature.
    """
    try:
        there = find_spec("google.auth") is not None
    except ImportError:  # not even its parent is there
        there = False
    if not there:
        raise CredentialUnavailable("google-auth is not installed", hint="pip install 'ocibroker[gar]'")
