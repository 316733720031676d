"""What a soak has shown: a table of counts, and whatever was wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields

from tests.soak.vitals import MOST_GROWTH, Vitals, growth


@dataclass
class Report:
    """``runs`` counts those of each client, ``failures`` what was wrong with some; ``counts`` is all else."""

    runs: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    counts: Mapping[str, float] = field(default_factory=dict)
    vitals: Sequence[Vitals] = ()

    @property
    def wrong(self) -> list[str]:
        """Return what must not be, none of it where all is well."""
        grown = zip(fields(Vitals), astuple(growth(self.vitals)), astuple(MOST_GROWTH), strict=True)
        return [
            *(f"{count} times: {failure}" for failure, count in self.failures.items()),
            *(f"{name}: {count:g}" for name, count in self.counts.items() if name.startswith("expired") and count),
            *(f"{one.name} grew by {more:.1f}, more than {most:g}" for one, more, most in grown if more > most),
        ]

    def __str__(self) -> str:
        rows: dict[str, float | str] = {**self.runs, "failures": self.failures.total(), **self.counts}
        for one, *seen in zip(fields(Vitals), *map(astuple, self.vitals), strict=True):
            rows[f"{one.name}: at the start, most, at the end"] = f"{seen[0]:.0f}, {max(seen):.0f}, {seen[-1]:.0f}"
        lines = (f"| {name} | {_shown(count)} |" for name, count in rows.items())
        return "\n".join(["| what | count |", "|---|---|", *lines])


def _shown(count: float | str) -> str:
    return count if isinstance(count, str) else f"{count:g}"
