"""Text that stays on its line."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Return ``text`` with all that could start a line or steer a terminal written as an escape."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
