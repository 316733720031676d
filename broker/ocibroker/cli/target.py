"""The target, as every command takes it."""

from __future__ import annotations

from typing import Annotated

import typer

TargetArgument = Annotated[
    str,
    typer.Argument(metavar="TARGET", help="A registry, or a repository: registry.example.com/team/app"),
]
