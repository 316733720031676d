"""``ocibroker providers``: who may answer, who could, and who cannot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, astuple, dataclass, fields
from typing import TYPE_CHECKING, Literal

import typer

from ocibroker.cli.facts import listing
from ocibroker.cli.invocation import Invocation
from ocibroker.cli.known import known_providers
from ocibroker.cli.output import Output, OutputOption
from ocibroker.providers import BUILT_IN, Installed, Providers, installed, missing
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


def providers(context: typer.Context, output: OutputOption = Output.TABLE) -> None:
    """List the providers; what is installed and not enabled is listed, never imported."""
    invocation: Invocation = context.obj
    rows = tuple(_listed(known_providers(invocation)))
    if output is Output.JSON:
        invocation.terminal.say_json([asdict(row) for row in rows])
    else:
        invocation.terminal.show(_table(rows))


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
    # What a built-in provider needs is an extra of its name.
    if one.name in BUILT_IN and (absent := missing(one.name)):
        return f"{', '.join(absent)} not installed (pip install 'ocibroker[{one.name}]')"
    return None
