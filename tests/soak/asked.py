"""One question of a caller, and what came of it, as a line of text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec


@dataclass(frozen=True)
class Asked:
    """``at`` is in the seconds of ``time.time``, ``seconds`` how long it took; a failure has no ``secret``.

    ``status`` is 0 where there was no answer at all, and ``code`` what the error is called.
    """

    at: float
    seconds: float
    host: str
    status: int
    secret: str = ""
    code: str = ""

    @property
    def until(self) -> float:
        return self.at + self.seconds

    @property
    def served(self) -> bool:
        return self.status == 200


def read(path: Path) -> list[Asked]:
    """Return what was written down there, a line for each."""
    decoder = msgspec.json.Decoder(Asked)
    return [decoder.decode(line) for line in path.read_bytes().splitlines()]
