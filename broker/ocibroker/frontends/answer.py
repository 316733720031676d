"""What a front end gives back: bytes for the program that asked, words for the person, an exit status."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Answer:
    """``stdout`` may hold a secret; ``diagnostics`` goes to standard error and never does."""

    stdout: bytes = field(default=b"", repr=False)
    diagnostics: str = ""
    status: int = 0
