"""Durations as Go writes them: ``6h0m0s``, ``1.5s``, ``21.6µs``.

https://pkg.go.dev/time#ParseDuration
"""

from __future__ import annotations

import re
from datetime import timedelta
from types import MappingProxyType
from typing import Final

_PART: Final = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_WHOLE: Final = re.compile(rf"(?:{_PART.pattern})+", re.ASCII)
_SECONDS: Final = MappingProxyType(
    {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
)


def read_duration(text: str) -> timedelta | None:
    """Return the duration, or none for what is none, or below 0; what is too long to count is the longest."""
    if text == "0":
        return timedelta()
    if not _WHOLE.fullmatch(text):
        return None
    try:
        return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text)))
    except OverflowError:
        return timedelta.max
