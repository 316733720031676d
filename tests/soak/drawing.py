"""Curves over one axis of time, as SVG 1.1 that needs no script and follows the reader's light or dark."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

Points = Sequence[tuple[float, float]]

WIDTH, LEFT, RIGHT, TOP = 960, 64, 16, 44
"""Pixels: of all, beside the curves, and above the first."""
_TALL, _APART = 116, 62
_GAP = 0.02
"""The share of the time beyond which two points are not joined."""
_TEXT = 12
_STYLE: Final = """
svg { --back: #ffffff; --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; --band: #59636e1f;
      --c0: #0550ae; --c1: #bc4c00; --c2: #1a7f37; --c3: #8250df; background: var(--back) }
@media (prefers-color-scheme: dark) {
svg { --back: #0d1117; --ink: #f0f6fc; --soft: #9198a1; --line: #3d444d; --band: #9198a133;
      --c0: #79c0ff; --c1: #ffa657; --c2: #56d364; --c3: #d2a8ff } }
.back { fill: var(--back) } .band { fill: var(--band) } .axis, .grid { stroke: var(--line) }
text { font: 12px system-ui, sans-serif; fill: var(--soft) } .title { fill: var(--ink); font-weight: 600 }
.bound { stroke: var(--ink); stroke-dasharray: 6 4 }
.curve { fill: none; stroke-width: 1.5 } .c0 { stroke: var(--c0) } .c1 { stroke: var(--c1) }
.c2 { stroke: var(--c2) } .c3 { stroke: var(--c3) } .c1.curve { stroke-dasharray: 5 2 }
.c2.curve { stroke-dasharray: 2 2 }
.end { text-anchor: end } .middle { text-anchor: middle }
"""


@dataclass(frozen=True)
class Panel:
    """``curves`` are points of seconds and values; with ``logarithmic`` values are powers of ten apart.

    ``bound`` is a value that is drawn across.
    """

    title: str
    curves: Mapping[str, Points]
    bound: float | None = None
    logarithmic: bool = False

    def scale(self) -> tuple[float, float]:
        """Return the least and the most that is drawn."""
        values = [value for points in self.curves.values() for _, value in points]
        most = max([*values, self.bound or 0.0, 1e-9])
        if not self.logarithmic:
            return 0.0, most * 1.1
        least = min(value for value in [*values, most] if value > 0)
        return 10.0 ** math.floor(math.log10(least)), 10.0 ** math.ceil(math.log10(most))

    def ticks(self) -> list[float]:
        least, most = self.scale()
        if self.logarithmic:
            return [10.0**power for power in range(round(math.log10(least)), round(math.log10(most)) + 1)]
        return _even(most, 4)

    def height(self, value: float) -> float:
        """Return how far up that is, from 0 to 1."""
        least, most = self.scale()
        if self.logarithmic:
            return math.log(max(value, least) / least) / math.log(most / least)
        return (value - least) / (most - least)


def drawing(title: str, seconds: float, panels: Sequence[Panel], bands: Sequence[tuple[float, float]]) -> str:
    """Return the picture; each of ``bands`` is a stretch of time, and is numbered from 1 on."""
    tall = TOP + len(panels) * (_TALL + _APART)
    parts = [f'<rect class="back" width="{WIDTH}" height="{tall}"/>']
    for number, panel in enumerate(panels):
        parts += _panel(panel, TOP + number * (_TALL + _APART), seconds, bands, numbered=not number)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {tall}" role="img">'
    return "\n".join([head, f"<title>{escape(title)}</title>", f"<style>{_STYLE}</style>", *parts, "</svg>", ""])


def _panel(
    panel: Panel, top: float, seconds: float, bands: Sequence[tuple[float, float]], *, numbered: bool
) -> Iterator[str]:
    foot = top + _TALL
    for number, (begin, end) in enumerate(bands, 1):
        left, wide = _across(begin, seconds), max((end - begin) / seconds * _wide(), 2)
        yield f'<rect class="band" x="{left:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{_TALL}"/>'
        if numbered:
            yield _text(left + wide / 2, top - 4, str(number), "middle")
    for value in panel.ticks():
        up = foot - panel.height(value) * _TALL
        yield f'<path class="grid" d="M{LEFT} {up:.1f}H{WIDTH - RIGHT}"/>'
        yield _text(LEFT - 6, up + 4, f"{value:g}", "end")
    if panel.bound is not None:
        yield f'<path class="bound" d="M{LEFT} {foot - panel.height(panel.bound) * _TALL:.1f}H{WIDTH - RIGHT}"/>'
    yield from _curves(panel, foot, seconds)
    yield from _axis(foot, seconds)


def _curves(panel: Panel, foot: float, seconds: float) -> Iterator[str]:
    yield _text(LEFT, foot - _TALL - 24, panel.title, "title")
    aside = LEFT + 8 * len(panel.title) + 16
    for number, (name, points) in enumerate(panel.curves.items()):
        yield f'<path class="curve c{number}" d="{_path(panel, points, foot, seconds)}"/>'
        if name:
            high = foot - _TALL - 28
            yield f'<path class="curve c{number}" d="M{aside} {high}h24"/>{_text(aside + 30, high + 4, name)}'
        aside += 7 * len(name) + 56


def _path(panel: Panel, points: Points, foot: float, seconds: float) -> str:
    path, before = "", -seconds
    for at, value in points:
        step = "L" if at - before < _GAP * seconds else "M"
        path += f"{step}{_across(at, seconds):.1f} {foot - panel.height(value) * _TALL:.1f}"
        before = at
    return path


def _axis(foot: float, seconds: float) -> Iterator[str]:
    yield f'<path class="axis" d="M{LEFT} {foot}H{WIDTH - RIGHT}"/>'
    for at in _even(seconds, 12):
        yield _text(_across(at, seconds), foot + 15, f"{at:.0f} s", "middle")


def _text(x: float, y: float, said: str, kind: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{escape(said)}</text>'


def _even(most: float, count: int) -> list[float]:
    """Return round numbers from 0 to ``most``, about so many at most."""
    step = 10.0 ** math.floor(math.log10(most / count))
    step *= next(times for times in (1, 2, 5, 10) if most / (step * times) <= count)
    return [step * one for one in range(math.floor(most / step) + 1)]


def _wide() -> float:
    return WIDTH - LEFT - RIGHT


def _across(at: float, seconds: float) -> float:
    return LEFT + at / seconds * _wide()
