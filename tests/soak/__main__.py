"""``python -m tests.soak SECONDS [--keep]``: a table, and status 1 where a promise was not kept.

With ``--keep`` the report is written into the manual.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import pytest

from tests.soak.evidence import Evidence
from tests.soak.objectives import Objective, objectives
from tests.soak.page import PAGE, PICTURE, report, table, written
from tests.soak.pictures import picture
from tests.soak.soak import soak


def main(seconds: float, *, keep: bool) -> int:
    """Return the exit status."""
    with tempfile.TemporaryDirectory(prefix="soak") as folder:
        try:
            evidence = soak(seconds, Path(folder))
        except (pytest.skip.Exception, pytest.fail.Exception) as missing:
            sys.exit(str(missing))
    found = [*objectives(evidence)]
    print(f"{seconds:g} seconds:\n", *table(found), sep="\n")  # noqa: T201  # what it is for
    if keep:
        _keep(evidence, found, seconds)
    return not all(one.met for one in found)


def _keep(evidence: Evidence, found: list[Objective], seconds: float) -> None:
    PAGE.write_text(written(PAGE.read_text(), report(evidence, found, f"make soak SECONDS={seconds:g}")))
    PICTURE.write_text(picture(evidence))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="python -m tests.soak")
    arguments.add_argument("seconds", type=float)
    arguments.add_argument("--keep", action="store_true")
    given = arguments.parse_args()
    sys.exit(main(given.seconds, keep=given.keep))
