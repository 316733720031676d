"""``ocibroker config``: is the file right, what may stand in it, and where is it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sized
from typing import TYPE_CHECKING

import typer

from ocibroker.cli.invocation import Invocation
from ocibroker.cli.known import known_providers
from ocibroker.providers import lack_of, lack_of_plugin

if TYPE_CHECKING:
    from ocibroker.config import Config


def check(context: typer.Context) -> None:
    """Read the configuration, and the certificates, keys and tokens that it names; no registry is asked."""
    from ocibroker.config import check_config

    invocation: Invocation = context.obj
    config = invocation.load()
    check_config(config, invocation.environ)
    if os.name == "posix":  # where it could be served
        from ocibroker.sidecar.entrance import entrances

        entrances(config.sidecar, path=config.path, monotonic=time.monotonic)
    for warning in _warnings(config):
        invocation.terminal.note(warning)
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


def _warnings(config: Config) -> Iterator[str]:
    """Yield what is weakened, and what a rule needs and is not installed."""
    for entry in config.tls:
        yield from entry.warnings
    for rule in config.rules:
        yield from (f"{rule.source}: {lack}" for lack in map(lack_of_plugin, rule.needed) if lack)
    if config.shared and (lack := lack_of("redis")):
        yield f"{config.shared.place}: {lack}"


def _count(things: Sized, one: str, many: str) -> str:
    return f"{len(things)} {one if len(things) == 1 else many}"
