"""What is wanted of a credential, as commands take it."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from ocibroker.cli.duration import seconds

AccountOption = Annotated[
    str, typer.Option("--account", metavar="NAME", help="Among several accounts on the host, the one of that name.")
]
MinTTLOption = Annotated[
    float,
    typer.Option("--min-ttl", parser=seconds, metavar="DURATION", help="The life it must have left, as 10m."),
]
PushOption = Annotated[bool, typer.Option("--push", help="For pulling and pushing, not for pulling alone.")]

MINUTE: Final = "60s"
"""The default of ``MinTTLOption``: typer parses it too."""


def actions(*, push: bool) -> tuple[str, ...]:
    """Return what is to be done there."""
    return ("pull", "push") if push else ("pull",)
