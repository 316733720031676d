"""What is said before the command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ocibroker.cli import logs
from ocibroker.cli.invocation import Invocation
from ocibroker.version import __version__


def _print_version(context: typer.Context, value: bool) -> None:  # noqa: FBT001  # typer's own signature
    if value:
        invocation: Invocation = context.obj
        invocation.terminal.say(f"ocibroker {__version__}")
        raise typer.Exit


def options(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Read FILE and no other configuration.")
    ] = None,
    verbose: Annotated[
        int,
        typer.Option(
            "--verbose", "-v", count=True, show_default=False, help="Show what is done; twice shows more."
        ),
    ] = 0,
    *,
    version: Annotated[  # its callback answers
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that hold for every command."""
    logs.raise_to(verbose)
    context.obj = replace(context.obj, config=config)
