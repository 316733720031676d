"""What a part of ocibroker needs and is not installed, and the command that brings it."""

from __future__ import annotations

from dataclasses import dataclass

from ocibroker.providers.built_in import BUILT_IN
from ocibroker.providers.extras import missing


@dataclass(frozen=True, slots=True)
class Lack:
    """``absent`` are the distributions, which ``extra`` wants."""

    extra: str
    absent: tuple[str, ...]

    @property
    def cause(self) -> str:
        """What is not there."""
        return f"{', '.join(self.absent)} not installed"

    @property
    def cure(self) -> str:
        """How to install it."""
        return f"pip install 'ocibroker[{self.extra}]'"

    def __str__(self) -> str:
        return f"{self.cause} ({self.cure})"


def lack_of(extra: str) -> Lack | None:
    """Return what that extra wants and is not installed; none where all of it is."""
    absent = missing(extra)
    return Lack(extra, absent) if absent else None


def lack_of_plugin(name: str) -> Lack | None:
    """Return what a built-in plugin needs, an extra of its name; what another's needs is not known."""
    return lack_of(name) if name in BUILT_IN else None
