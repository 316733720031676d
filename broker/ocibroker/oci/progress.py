"""Who is told how far a pull has come."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told from several threads; what it raises ends the pull."""

    def begin(self, name: str, size: int) -> None:
        """Take note that content of ``size`` bytes, called ``name``, is about to be fetched; 0 if nobody knows."""
        ...

    def advance(self, name: str, count: int) -> None:
        """Take note of ``count`` more bytes; it is negative where everything begins anew."""
        ...

    def end(self, name: str) -> None:
        """Take note that it is complete and verified."""
        ...


class Unseen:
    """Tells nobody."""

    def begin(self, name: str, size: int) -> None:
        """Do nothing."""

    def advance(self, name: str, count: int) -> None:
        """Do nothing."""

    def end(self, name: str) -> None:
        """Do nothing."""
