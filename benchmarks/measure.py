"""What programs cost: wall-clock time and peak memory, whole processes counted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

_MEASURED: Final = Path(__file__).with_name("measured.py")


@dataclass(frozen=True, slots=True)
class Cost:
    """``seconds`` of wall-clock time, and ``peak`` resident memory in KiB."""

    seconds: float
    peak: int


def run(commands: Sequence[Sequence[str]], environ: Mapping[str, str], cwd: Path) -> Cost:
    """Run ``commands`` one after the other; their times add up, of their memory the largest counts."""
    done = subprocess.run(
        [sys.executable, "-IS", str(_MEASURED)],
        env=environ,
        cwd=cwd,
        input=json.dumps(commands),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    seconds, peak = done.stdout.split()
    return Cost(float(seconds), int(peak))


def typical(costs: Sequence[Cost]) -> Cost:
    """Return the medians."""
    return Cost(median(cost.seconds for cost in costs), int(median(cost.peak for cost in costs)))
