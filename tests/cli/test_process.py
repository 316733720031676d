"""The command as a process: help, version, completion, and what is said where its parts are missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import ocibroker
from ocibroker.version import __version__
from tests.cli.desk import Desk, Outcome


@pytest.mark.parametrize(
    ("argv", "of"),
    [
        ((), ""),
        (("--help",), ""),
        (("-h",), ""),
        (("help",), ""),
        (("get", "--help"), " get"),
        (("help", "get"), " get"),
        (("config", "check", "-h"), " config check"),
    ],
)
def test_help(desk: Desk, argv: tuple[str, ...], of: str) -> None:
    outcome = desk.process(*argv)
    assert (outcome.code, outcome.stderr) == (0, "")
    assert f"Usage: ocibroker{of} [OPTIONS]" in outcome.stdout


@pytest.mark.parametrize("argv", ["--version", "version"])
def test_version(desk: Desk, argv: str) -> None:
    outcome = desk.process(argv)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, f"ocibroker {__version__}\n", "")


def test_get(desk: Desk) -> None:
    path = desk.write("elsewhere.toml", "[[registry]]\nmatch = 'p.test'\nprovider = 'anonymous'\n")
    outcome = desk.process("--config", str(path), "get", "p.test")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert "anonymous" in outcome.stdout


def test_an_error_is_one_line(desk: Desk) -> None:
    outcome = desk.process("-vv", "get", "nowhere")
    assert (outcome.code, outcome.stdout) == (2, "")
    assert outcome.stderr.splitlines()[-1].startswith("ocibroker: 'nowhere': does not name its registry")
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_for_the_shell_that_asks(desk: Desk, shell: str) -> None:
    outcome = desk.process(_OCIBROKER_COMPLETE=f"source_{shell}")
    assert outcome.code == 0
    assert "ocibroker" in outcome.stdout


def test_completion_knows_the_commands(desk: Desk) -> None:
    outcome = desk.process(_OCIBROKER_COMPLETE="complete_bash", COMP_WORDS="ocibroker ", COMP_CWORD="1")
    assert outcome.stdout.split() == [
        "get", "explain", "doctor", "pull", "export", "run", "login", "logout", "providers", "setup", "serve",
        "status", "config", "cache",
    ]  # fmt: skip


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_without_a_standard_stream_it_works(desk: Desk, closed: str) -> None:
    desk.write("config.toml", "[[registry]]\nmatch = 'p.test'\nprovider = 'anonymous'\n")
    program = [str(Path(sys.executable).with_name("ocibroker")), "--config", "config.toml", "get", "p.test"]
    shell = ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *program]
    done = subprocess.run(shell, cwd=desk.home, env={"HOME": str(desk.home)}, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


class TestMissingParts:
    """A module of the same name, found first, stands for one that is not there."""

    @pytest.mark.parametrize("part", ["typer", "rich"])
    def test_the_extra_is_named(self, desk: Desk, part: str) -> None:
        outcome = started(desk, f"raise ModuleNotFoundError('No module named {part}', name='{part}')")
        assert (outcome.code, outcome.stdout) == (2, "")
        assert outcome.stderr == "ocibroker: the command line needs: pip install 'ocibroker[cli]'\n"

    def test_a_broken_installation_is_not_taken_for_a_missing_one(self, desk: Desk) -> None:
        outcome = started(desk, "import a_dependency_of_typer")
        assert outcome.code == 1
        assert "a_dependency_of_typer" in outcome.stderr

    def test_an_installation_without_the_extra(self, tmp_path: Path) -> None:
        """`-S` leaves out all that is installed; the package itself is found by a link."""
        (tmp_path / "ocibroker").symlink_to(Path(ocibroker.__file__).parent)
        done = subprocess.run(
            [sys.executable, "-S", "-m", "ocibroker", "get", "r.test"],
            env={"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "ocibroker: the command line needs: pip install 'ocibroker[cli]'\n"


def started(desk: Desk, typer: str) -> Outcome:
    (desk.home / "typer.py").write_text(typer)
    path = os.pathsep.join(filter(None, (str(desk.home), os.environ.get("PYTHONPATH"))))
    return desk.process("get", "r.test", PYTHONPATH=path)
