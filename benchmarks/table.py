"""The result as Markdown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from benchmarks.measure import Cost


def table(costs: Mapping[str, Cost], *, ours: Collection[str]) -> Iterable[str]:
    """Yield the lines: seconds, times of the fastest other, peak memory."""
    fastest = min(cost.seconds for name, cost in costs.items() if name not in ours)
    yield "| | seconds | ratio to the fastest other | peak MiB |"
    yield "|---|---|---|---|"
    for name, cost in sorted(costs.items(), key=lambda item: item[1].seconds):
        yield f"| {name} | {cost.seconds:.2f} | {cost.seconds / fastest:.2f} | {cost.peak / 1024:.0f} |"
