"""What a provider says of a target: that it is its own, how surely, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Strength(IntEnum):
    """How surely: the host itself, a pattern that it fits, or for want of anybody else."""

    FALLBACK = 1
    PATTERN = 2
    EXACT = 3


@dataclass(frozen=True, slots=True)
class Claim:
    """A provider's claim. ``why`` completes the sentence "this provider answers because …"."""

    strength: Strength
    why: str
