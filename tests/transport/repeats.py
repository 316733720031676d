"""How often the broker asks where something may pass by itself; SDKs and providers repeat nothing."""

from __future__ import annotations

from ocibroker.transport.retry import ATTEMPTS


def times(status: int) -> int:
    """Return how often an answer with that status is asked for."""
    return ATTEMPTS if status == 429 or status >= 500 else 1
