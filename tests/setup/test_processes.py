"""Setting up under processes that are killed, and under several at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.house import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX")


def run(deed: str, folder: Path) -> str:
    argv = [sys.executable, "-m", "tests.setup.processes", deed, str(folder)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.fault(22)
def test_a_kill_at_any_step_leaves_each_file_old_or_new_and_can_be_undone(tmp_path: Path) -> None:
    assert int(run("crash", tmp_path)) > 60


def test_of_several_at_once_one_is_the_last_and_all_is_undone(tmp_path: Path) -> None:
    run("together", tmp_path)
