"""The two streams of one run."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from ocibroker.line import one_line

if TYPE_CHECKING:
    from rich.console import RenderableType

_ENDLESS: Final = 4096
"""Columns of output that no terminal shows: what a program reads is never wrapped."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """``stdout`` gets all of the output at once, at the end, or nothing; ``stderr`` gets its lines as they come.

    ``environ`` says what the terminal can show: ``TERM``, ``COLUMNS``, ``NO_COLOR``.
    """

    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str] = field(repr=False)
    _held: io.StringIO = field(default_factory=io.StringIO, repr=False)

    def say(self, text: str) -> None:
        """Hold a line of output."""
        self._held.write(f"{text}\n")

    def say_path(self, path: Path) -> None:
        """Hold a path: to the byte for a program, and for people on its line, whoever chose the name."""
        self.say(one_line(str(path)) if self.stdout.isatty() else str(path))

    def say_json(self, data: object, *, indent: int | None = None) -> None:
        """Hold one JSON value, in ASCII, on one line unless indented."""
        self.say(json.dumps(data, indent=indent))

    def show(self, table: RenderableType) -> None:
        """Hold a table, as wide as the terminal."""
        from rich.console import Console

        person, page = self.stdout.isatty(), io.StringIO()
        console = Console(
            file=page,
            force_terminal=person,
            width=None if person else _ENDLESS,
            _environ=self.environ,
            highlight=False,
            markup=False,
        )
        console.print(table)
        for line in page.getvalue().splitlines():
            self.say(line.rstrip())

    def note(self, text: str) -> None:
        """Write one line for people; whether anybody reads it changes nothing."""
        with suppress(OSError):
            self.stderr.write(f"ocibroker: {one_line(text)}\n")

    def deliver(self) -> None:
        """Write what was held; characters that the stream's encoding lacks become escapes.

        Nothing is held any more afterwards. Raises ``OSError`` where nobody takes it.
        """
        encoding = self.stdout.encoding or "utf-8"
        self.stdout.write(self._held.getvalue().encode(encoding, "backslashreplace").decode(encoding))
        self.stdout.flush()
        self._held.seek(0)
        self._held.truncate()
