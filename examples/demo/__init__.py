"""The main job, shown on a private registry inside this process: ``make demo``.

Nothing leaves the machine, and nothing stays on it.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Final, TextIO

from examples.demo.machine import Machine
from examples.demo.report import Report
from examples.demo.scenes import founding_failure, round_trip, wrong_authority

SCENES: Final = (
    partial(round_trip, auth="basic"),
    partial(round_trip, auth="token"),
    founding_failure,
    wrong_authority,
)


def main(out: TextIO = sys.stdout) -> None:
    """Play the scenes, each on a machine of its own, and tell of them on ``out``; raise whatever goes wrong."""
    scenes = (
        partial(round_trip, auth="basic"),
        partial(round_trip, auth="token"),
        founding_failure,
        wrong_authority,
    )
    for scene in scenes:
        with tempfile.TemporaryDirectory(prefix="ocibroker-demo-") as folder:
            home = Path(folder)
            scene(Machine(home), report=Report(out, home))
