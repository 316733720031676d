"""What the demo prints: titles, and lines with a name in front."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

_INDENT: Final = 15
_WIDTH: Final = 100


@dataclass(frozen=True)
class Report:
    """Writes on ``out``; ``home`` is shown as ``~``."""

    out: TextIO
    home: Path

    def title(self, text: str) -> None:
        """Begin a scene."""
        print(f"\n{text}\n{'-' * len(text)}", file=self.out)

    def line(self, name: str, text: str) -> None:
        """Tell one thing, over several lines where it is long."""
        short = text.replace(str(self.home), "~")
        lines = textwrap.wrap(short, _WIDTH - _INDENT, break_long_words=False, break_on_hyphens=False)
        print(name.ljust(_INDENT) + f"\n{' ' * _INDENT}".join(lines), file=self.out)
