"""Secrets in what was written down: the log, the metrics, and what the kernel tells of a process."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.soak.duty import Duty
from tests.transport.canary import Canary

_WORD: Final = re.compile(r"[A-Za-z0-9+/=_%\\-]{16,}")
"""What a secret would be a part of in any form: each has at least forty characters, and none but these."""


@dataclass
class Written:
    """The long words of each place, once: a log of ten minutes has millions of lines, and few such words."""

    words: dict[str, set[str]] = field(default_factory=dict)

    def look(self, duty: Duty) -> None:
        """Look at what can be looked at now."""
        process = Path(f"/proc/{duty.process.pid}")
        self._add("metrics", duty.sidecar.get("/metrics").text)
        for place in ("cmdline", "environ"):
            self._add(place, (process / place).read_text())

    def read(self, log: Path) -> None:
        with log.open(errors="replace") as lines:
            for line in lines:
                self._add("log", line)

    def leaks(self, secrets: Iterable[str]) -> list[str]:
        """Return in which place which form of one stands."""
        texts = {place: "\n".join(words) for place, words in self.words.items()}
        sought = [Canary(one) for one in secrets]
        return [f"{place}: {hit}" for place, text in texts.items() for one in sought for hit in one.hits(text)]

    def _add(self, place: str, text: str) -> None:
        self.words.setdefault(place, set()).update(_WORD.findall(text))
