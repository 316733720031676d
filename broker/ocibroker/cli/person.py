"""Who is in front of the terminal, and what was piped in instead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from ocibroker.errors import InvalidValue, UsageError
from ocibroker.reference import ENOUGH, text_of
from ocibroker.secret import Secret

TERMINAL: Final = "/dev/tty"
"""The terminal of a process, wherever its streams lead."""


@dataclass(frozen=True, slots=True)
class Person:
    """``stdin`` is standard input, ``tty`` the terminal's device; without them there is nobody to ask."""

    stdin: BinaryIO | None = None
    tty: str = ""

    def piped(self, what: str) -> Secret:
        """Return what standard input holds, without the line break at its end; ``what`` names it in errors.

        Raises :class:`~ocibroker.errors.UsageError`.
        """
        return _secret(self.stdin.read(ENOUGH) if self.stdin else b"", what)

    def ask(self, question: str) -> str:
        """Return the line that is typed in answer, or raise :class:`~ocibroker.errors.UsageError`."""
        with _opened(self.tty) as tty:
            tty.write(question.encode())
            return _line(tty).decode(errors="replace").strip()

    def ask_hidden(self, question: str, what: str) -> Secret:
        """Return the same without showing it; ``what`` names it in errors."""
        with _opened(self.tty) as tty, _silent(tty):
            tty.write(question.encode())
            return _secret(_line(tty), what)


def _opened(tty: str) -> BinaryIO:
    try:
        return Path(tty).open("r+b", buffering=0)
    except OSError:
        pass
    raise UsageError("there is no terminal to ask at", hint="use --username and --password-stdin")


def _line(tty: BinaryIO) -> bytes:
    line = tty.readline(ENOUGH)
    if not line.endswith(b"\n"):
        raise UsageError("the question was not answered")
    return line


def _secret(data: bytes, what: str) -> Secret:
    try:
        return Secret(text_of(data))
    except InvalidValue as error:
        why = error.message
    raise UsageError(why, culprit=what)


@contextmanager
def _silent(tty: BinaryIO) -> Iterator[None]:
    """Show nothing of what is typed, whatever ends it; what was typed before is thrown away."""
    import termios  # here: it is not on Windows, where there is no such terminal either

    before = termios.tcgetattr(tty)
    hidden = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    try:
        termios.tcsetattr(tty, termios.TCSAFLUSH, hidden)
        yield
    finally:
        termios.tcsetattr(tty, termios.TCSAFLUSH, before)
        tty.write(b"\n")
