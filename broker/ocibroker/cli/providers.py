"""``ocibroker providers``: who may answer, who could, and who cannot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ocibroker.cli.facts import listing
from ocibroker.cli.invocation import Invocation
from ocibroker.cli.known import known_providers
from ocibroker.cli.output import Output, OutputOption
from ocibroker.providers import BUILT_IN, Installed, Providers, installed, lack_of_plugin
from ocibroker.version import __version__

if TYPE_CHECKING:
    from rich.table import Table

State = Literal["built-in", "enabled", "not enabled", "unavailable", "broken"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A plugin, who offers it, and whether it may answer; ``reason`` says why it cannot."""

    name: str
    state: State
    distribution: str
    version: str
    module: str
    reason: str | None


def providers(
    context: typer.Context,
    output: OutputOption = Output.TABLE,
    new: Annotated[
        str, typer.Option("--new", metavar="NAME", help="Write a provider of that name here, to begin with.")
    ] = "",
) -> None:
    """List the providers; what is installed and not enabled is listed, never imported."""
    invocation: Invocation = context.obj
    if new:
        invocation.terminal.say_path(_written(new))
        return
    rows = tuple(_listed(known_providers(invocation)))
    if output is Output.JSON:
        invocation.terminal.say_json([asdict(row) for row in rows])
    else:
        invocation.terminal.show(_table(rows))


def _written(name: str) -> Path:
    from ocibroker.cli.new_provider import write_provider  # here, since most want the list

    return write_provider(name, Path.cwd())


def _table(rows: Iterable[Listed]) -> Table:
    headings = [one.name for one in fields(Listed)]
    return listing(headings, ([value or "" for value in astuple(row)] for row in rows))


def _listed(found: Providers) -> Iterator[Listed]:
    ours = (Installed(name, module, "ocibroker", __version__) for name, module in BUILT_IN.items())
    for one in (*ours, *installed()):
        reason = _reason(one, found)
        yield Listed(one.name, _state(one, found, reason), one.distribution, one.version, one.module, reason)


def _state(one: Installed, found: Providers, reason: str | None) -> State:
    if one.name in found.broken:
        return "broken"
    if one.name in BUILT_IN:
        return "unavailable" if reason else "built-in"
    return "enabled" if found.have(one.name, one.module) else "not enabled"


def _reason(one: Installed, found: Providers) -> str | None:
    if one.name in found.broken:
        return str(found.broken[one.name])
    lack = lack_of_plugin(one.name)
    return str(lack) if lack else None
