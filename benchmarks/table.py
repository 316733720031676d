"""The costs as Markdown."""

from __future__ import annotations

from statistics import median

from benchmarks.measure import Costs, ratio


def table(costs: Costs, *, to: str = "") -> str:
    """Return a row for each contender, the fastest first; ratios are those to ``to``, else to the fastest.

    Times and memory are medians, ratios medians of the rounds' ratios.
    """
    seconds = {name: median(cost.seconds for cost in found) for name, found in costs.items()}
    names = sorted(seconds, key=lambda name: seconds[name])
    to = to or names[0]
    rounds = len(costs[to])
    lines = [f"{rounds} rounds:", "", f"| | ms | × {to} | processor ms | peak MiB |", "|---|---|---|---|---|"]
    for name in names:
        peak = median(cost.peak for cost in costs[name]) / 1024
        processor = median(cost.processor for cost in costs[name]) * 1000
        times = ratio(costs, name, to)
        lines.append(f"| {name} | {seconds[name] * 1000:.1f} | {times:.2f} | {processor:.1f} | {peak:.0f} |")
    return "\n".join(lines)
