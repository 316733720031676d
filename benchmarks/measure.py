"""What programs cost: wall-clock time and peak memory, whole processes counted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

_MEASURED: Final = Path(__file__).with_name("measured.py")


@dataclass(frozen=True, slots=True)
class Cost:
    """``seconds`` by the clock, and of ``processor`` time; ``peak`` memory in KiB; what the last command said."""

    seconds: float
    processor: float
    peak: int
    stdout: str = field(default="", repr=False)


Costs = Mapping[str, Sequence[Cost]]
"""Of each contender, in the order of the rounds."""


def run(commands: Sequence[Sequence[str]], environ: Mapping[str, str], cwd: Path, stdin: str = "") -> Cost:
    """Run ``commands`` one after the other; their times add up, of their memory the largest counts."""
    done = subprocess.run(
        [sys.executable, "-IS", str(_MEASURED)],
        env=environ,
        cwd=cwd,
        input=json.dumps({"commands": commands, "stdin": stdin}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Cost(**json.loads(done.stdout))


def in_turns(contenders: Iterable[str], cost: Callable[[str], Cost], rounds: int) -> Costs:
    """Return the costs of each contender; each round begins with another, and the first is thrown away.

    That one warms what is cached by the system.
    """
    names = list(contenders)
    costs: dict[str, list[Cost]] = {name: [] for name in names}
    for turn in range(rounds + 1):
        for name in (*names[turn % len(names) :], *names[: turn % len(names)]):
            found = cost(name)
            if turn:
                costs[name].append(found)
    return costs


def ratio(costs: Costs, ours: str, other: str) -> float:
    """Return the median of the rounds' ratios: what disturbs the machine disturbs both."""
    return median(a.seconds / b.seconds for a, b in zip(costs[ours], costs[other], strict=True))


def milliseconds(costs: Costs, name: str) -> float:
    """Return the median."""
    return median(cost.seconds for cost in costs[name]) * 1000
