"""Where a host is really dialled."""

from __future__ import annotations

from collections.abc import Callable

Route = Callable[[str, int], tuple[str, int]]
"""Maps a host and port to where they are really dialled, as curl's ``--connect-to``; names stay verified."""


def direct(host: str, port: int) -> tuple[str, int]:
    """Dial what was asked for."""
    return host, port
