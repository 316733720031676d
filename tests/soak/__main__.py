"""``python -m tests.soak SECONDS``: a table, and status 1 where anything went wrong."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from tests.soak.soak import soak


def main(seconds: float) -> int:
    """Return the exit status."""
    with tempfile.TemporaryDirectory(prefix="soak") as folder:
        try:
            report = soak(seconds, Path(folder))
        except (pytest.skip.Exception, pytest.fail.Exception) as missing:
            sys.exit(str(missing))
    print(f"{seconds:g} seconds:\n\n{report}", *report.wrong, sep="\n")  # noqa: T201  # what it is for
    return bool(report.wrong)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
