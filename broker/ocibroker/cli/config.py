"""``ocibroker config``: is the file right, what may stand in it, and where is it."""

from __future__ import annotations

from collections.abc import Sized

import typer

from ocibroker.cli.invocation import Invocation
from ocibroker.cli.known import known_providers


def check(context: typer.Context) -> None:
    """Read the configuration, and the certificates and keys that it names; no registry is asked."""
    from ocibroker.config import check as check_all

    invocation: Invocation = context.obj
    config = invocation.load()
    check_all(config, invocation.environ)
    counts = f"{_count(config.rules, 'rule', 'rules')} and {_count(config.tls, 'TLS entry', 'TLS entries')}"
    said = f"{counts} in {config.path}" if config.path else "there is no file, and none is needed"
    invocation.terminal.say(f"ok: {said}")


def schema(context: typer.Context) -> None:
    """Print the configuration's JSON schema, for editors."""
    from ocibroker.config import json_schema

    invocation: Invocation = context.obj
    invocation.terminal.say_json(json_schema(known_providers(invocation)), indent=2)


def path(context: typer.Context) -> None:
    """Print the path of the file that is in use, or of the one that would be."""
    from ocibroker.config import find, users

    invocation: Invocation = context.obj
    place = invocation.config or find(invocation.environ) or users(invocation.environ)
    invocation.terminal.say(str(place))
    if not place.is_file():
        invocation.terminal.note(f"{place} (not there)")


def _count(things: Sized, one: str, many: str) -> str:
    return f"{len(things)} {one if len(things) == 1 else many}"
