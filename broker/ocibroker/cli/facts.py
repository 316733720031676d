"""Tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocibroker.line import one_line

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text


@dataclass(frozen=True, slots=True)
class Fact:
    """A name, what it is, and where that comes from; a loud one cannot be overlooked."""

    name: str
    value: str
    source: str = ""
    loud: bool = False


def fact_table(facts: Iterable[Fact]) -> Table:
    """Return one row for each of ``facts``."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for fact in facts:
        style = "bold red" if fact.loud else ""
        table.add_row(cell(fact.name, style or "bold"), cell(fact.value, style), cell(fact.source, "dim"))
    return table


def listing(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Return a table with ``headings``."""
    from rich.table import Table

    table = Table(*headings, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(*map(cell, row))
    return table


def cell(text: str, style: str = "") -> Text:
    """Return ``text`` as a cell that is folded, never cut, and cannot steer the terminal."""
    from rich.text import Text

    return Text(one_line(text), style=style, overflow="fold")
