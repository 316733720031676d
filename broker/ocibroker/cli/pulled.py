"""What was pulled, and what failed: for people, and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from ocibroker.cli.exits import exit_code
from ocibroker.cli.terminal import Terminal

if TYPE_CHECKING:
    from ocibroker.cli.sources import Outcome


def told(outcomes: Sequence[Outcome], terminal: Terminal, *, as_json: bool) -> None:
    """Print each of ``outcomes``.

    Where there is one, what it raised is raised; else the code of the first that failed is the process's.
    """
    failures = [outcome.failure for outcome in outcomes if outcome.failure]
    if failures and len(outcomes) == 1 and not as_json:
        raise failures[0]
    for outcome in outcomes:
        if as_json:
            terminal.say_json(_data(outcome))
        else:
            _say(outcome, terminal)
    if failures:
        if len(outcomes) > 1:
            terminal.note(f"{len(outcomes) - len(failures)} of {len(outcomes)} were pulled, {len(failures)} failed")
        raise typer.Exit(exit_code(failures[0]))


def _say(outcome: Outcome, terminal: Terminal) -> None:
    if outcome.failure:
        told = str(outcome.failure)
        terminal.note(told if outcome.file in told else f"{outcome.file}: {told}")
    for path in outcome.paths:
        terminal.say_path(path)
    if outcome.unnamed:
        why = f"layers without a name are left out: {outcome.unnamed}"
        terminal.note(f"{outcome.resolved}: {why} (--layout has them)")


def _data(outcome: Outcome) -> dict[str, object]:
    """Return one outcome for a program; ``docs/cli.md`` says what each key is."""
    error, named = outcome.failure, {"source": outcome.source, **({"file": outcome.file} if outcome.file else {})}
    if error is None:
        paths = [str(path) for path in outcome.paths]
        return {**named, "outcome": "pulled", "resolved": outcome.resolved, "paths": paths}
    return {
        **named,
        "outcome": "failed",
        "error": type(error).__name__,
        "code": int(exit_code(error)),
        "culprit": error.culprit,
        "message": error.message,
        "hint": error.hint,
    }
