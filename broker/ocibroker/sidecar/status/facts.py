"""Names and what they are, as the page lists them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from ocibroker.sidecar.status.html import Markup, Node, element
from ocibroker.sidecar.status.words import clock_time, ended, when

Fact = tuple[str, Node | Sequence[Node]]
"""A name and a value; one without a value is left out."""


def facts(given: Iterable[Fact]) -> Markup:
    """Return the list."""
    return element("dl", [node for name, value in given if value for node in _pair(name, value)])


def moment(at: datetime | None, now: datetime) -> Markup | None:
    """Return a moment, by how far it is and by the clock."""
    if at is None:
        return None
    return element("span", f"{when(at, now)} ", element("time", clock_time(at), datetime=at.isoformat()))


def ending(at: datetime, now: datetime) -> tuple[Node, ...]:
    """Return the end of a certificate, with a mark where it is past or near."""
    word = ended(at, now)
    mark = element("span", word, class_=f"badge {'bad' if at <= now else 'warn'}") if word else None
    return moment(at, now), " ", mark


def _pair(name: str, value: Node | Sequence[Node]) -> tuple[Markup, Markup]:
    shown = element("bdi", value) if isinstance(value, str) else value
    return element("dt", name), element("dd", shown)
