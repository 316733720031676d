"""What was probably meant by arguments in another tool's order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import typer

_GLOBAL: Final = frozenset({"-v", "--verbose", "--config", "--version"})
"""Options that stand before the command."""


def spelt_out(argv: Sequence[str]) -> list[str]:
    """Return ``argv`` with ``help``, ``version`` and nothing at all written as the options that they are."""
    match argv:
        case [] | ["help"]:
            return ["--help"]
        case ["help", *command]:
            return [*command, "--help"]
        case ["version"]:
            return ["--version"]
    return list(argv)


def next_step(error: typer.TyperException, argv: Sequence[str], name: str) -> str:
    """Return what to do about ``error``; ``name`` is the program's."""
    option = getattr(error, "option_name", "")  # typer exports no type that has it
    context = getattr(error, "ctx", None)
    command: str = context.command_path.removeprefix(name).strip() if context else ""
    if command == "run" and option and "--" not in argv:
        return "put -- before the program"
    if option in _GLOBAL and command:
        value = " FILE" if option == "--config" else ""
        return f"write it before the command: {name} {option}{value} {command} …"
    return f"see `{name} --help`"
