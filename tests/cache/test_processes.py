"""The store in files under many processes at once, and under processes that are killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ocibroker.testing import Authority, CannedResponse
from tests.architecture.house import ROOT
from tests.transport.answering_server import answering
from tests.transport.brokers import made_rule

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the store in files needs POSIX")


def run(deed: str, folder: Path, *arguments: object) -> str:
    """Run a deed in processes of their own; it must succeed, and say nothing of trouble."""
    argv = [sys.executable, "-m", "tests.cache.processes", deed, str(folder), *map(str, arguments)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_sixteen_processes_with_a_thousand_operations_each_lose_and_tear_nothing(tmp_path: Path) -> None:
    run("hammer", tmp_path / "cache", 16, 1000)


@pytest.mark.fault(22)
def test_a_process_killed_at_any_step_of_a_write_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    steps = int(run("crash", tmp_path / "cache"))
    assert steps > 30


@pytest.mark.fault(21)
@pytest.mark.acceptance(31)
@pytest.mark.parametrize("deed", ["ask", "ask as bazel"])
def test_a_hundred_processes_that_start_together_make_one_call(
    deed: str, tmp_path: Path, authority: Authority, roots: Path
) -> None:
    configuration = tmp_path / "config.toml"
    configuration.write_text(made_rule("registry.test"))
    configuration.chmod(0o600)
    token = CannedResponse(200, {}, b"the-one-token")
    with answering(lambda _: token, authority.server_context("tokens.test")) as server:
        run(deed, tmp_path, 100, configuration, roots, server.port)
        assert len(server.requests) == 1
