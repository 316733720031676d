"""Durations as people write them."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

import typer

_WRITTEN: Final = re.compile(r"(\d{1,6})([smhd]?)", re.ASCII)
_SECONDS: Final = MappingProxyType({"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400})


def seconds(text: str) -> float:
    """Return the seconds that ``90``, ``90s``, ``10m``, ``2h`` or ``1d`` are."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is no duration: write 90s, 10m, 2h or 1d")
    return float(int(found[1]) * _SECONDS[found[2]])
