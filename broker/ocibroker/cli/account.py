"""The account, as commands take it."""

from __future__ import annotations

from typing import Annotated

import typer

AccountOption = Annotated[
    str, typer.Option("--account", metavar="NAME", help="Among several accounts on the host, the one of that name.")
]
