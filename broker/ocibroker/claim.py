"""What a provider says of a target: that it is its own, how surely, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from ocibroker.errors import InvalidValue


class Strength(IntEnum):
    """How surely: the host itself, a pattern that it fits, or for want of anybody else."""

    FALLBACK = 1
    PATTERN = 2
    EXACT = 3


@dataclass(frozen=True, slots=True)
class Claim:
    """A provider's claim. ``why`` completes the sentence "this provider answers because …".

    Raises :class:`~ocibroker.errors.InvalidValue` for a strength that is none: claims are compared by it.
    """

    strength: Strength
    why: str

    def __post_init__(self) -> None:
        if not isinstance(self.strength, Strength):
            raise InvalidValue("a claim's strength is no Strength", culprit="strength")
