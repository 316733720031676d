"""What the configuration itself needs, before any provider is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ocibroker.errors import ConfigurationError, CredentialUnavailable

T = TypeVar("T")


def needed(read: Callable[[], T]) -> T:
    """Return what is read; what cannot be is a :class:`~ocibroker.errors.ConfigurationError` of the same words."""
    try:
        return read()
    except CredentialUnavailable as error:
        failure = ConfigurationError(error.message, culprit=error.culprit, hint=error.hint)
    raise failure
