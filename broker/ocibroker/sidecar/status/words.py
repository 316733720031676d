"""Moments and amounts in words, for the page and the terminal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

_SOON: Final = timedelta(days=7)
_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def span(seconds: float) -> str:
    """Return a duration by its two largest units: ``3 h 20 min``."""
    left = round(abs(seconds))
    parts: list[str] = []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0 s"


def when(moment: datetime, now: datetime) -> str:
    """Return how far ``moment`` is from ``now``: ``in 5 min``, ``5 min ago``."""
    seconds = (moment - now).total_seconds()
    if round(abs(seconds)) == 0:
        return "now"
    return f"in {span(seconds)}" if seconds > 0 else f"{span(seconds)} ago"


def ended(at: datetime, now: datetime) -> str:
    """Return a word where a certificate's end is past or within a week; none otherwise."""
    if at <= now:
        return "expired"
    return "ends soon" if at - now < _SOON else ""


def clock_time(moment: datetime) -> str:
    """Return it to the second, in UTC."""
    return moment.isoformat(sep=" ", timespec="seconds").replace("+00:00", " UTC")


def mebibytes(size: int) -> str:
    """Return an amount of memory."""
    return f"{size / 1024**2:.0f} MiB"


def counted(counts: dict[str, int]) -> str:
    """Return counts by name: ``7 hit, 1 error``; ``none`` where there are none."""
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "none"
