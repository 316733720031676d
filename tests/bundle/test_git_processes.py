"""Git's processes: what they are told, and that none outlives us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ocibroker.bundle import Limits, Terms
from ocibroker.errors import DeadlineExceeded, OcibrokerError
from ocibroker.oci import Halt
from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.bundle.forge import Forge, by_git
from tests.bundle.git_history import history
from tests.settled import settled
from tests.transport.canary import Canary

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes as Linux shows them"),
]

PROGRAM = """
import sys
from ocibroker import Broker
from ocibroker.bundle import read
with Broker.from_config(sys.argv[1]) as broker:
    print(read(broker, sys.argv[2], sys.argv[3]))
"""


@pytest.fixture
def commits(here: Forge, tmp_path: Path) -> Mapping[str, str]:
    work, commits = history(tmp_path / "work")
    here.git.publish("private/app", work.folder)
    return commits


@pytest.fixture
def stalled(here: Forge, commits: Mapping[str, str]) -> Iterator[threading.Event]:
    """Set once git is at the server, which says nothing more to it until the test is over."""
    there, over = threading.Event(), threading.Event()

    def wait(request: Request) -> CannedResponse | None:
        if by_git(request):
            there.set()
            over.wait(30)
        return None

    here.before = wait
    yield there
    over.set()


def told(pid: str) -> str:
    """What anybody may see of a process."""
    place = Path("/proc") / pid
    try:
        return "\n".join((place / name).read_bytes().decode("utf-8", "replace") for name in ("cmdline", "environ"))
    except OSError:
        return ""


def of_git(forge: Forge) -> list[str]:
    """Processes that know where bundles of ``forge`` are made, ourselves left out."""
    pids = [path.name for path in Path("/proc").iterdir() if path.name.isdigit() and path.name != str(os.getpid())]
    return [pid for pid in pids if f"GIT_DIR={forge.folder}" in told(pid)]


def test_no_secret_is_told_but_by_a_pipe(here: Forge, commits: Mapping[str, str], canary: Canary) -> None:
    seen: list[str] = []

    def look(request: Request) -> CannedResponse | None:
        if by_git(request):
            seen.extend(told(pid) for pid in of_git(here))
            files = (path for place in (here.folder, here.runtime) for path in place.rglob("*") if path.is_file())
            seen.extend(path.read_bytes().decode("utf-8", "replace") for path in files)
        return None

    here.before = look
    assert here.read(here.url("private/app")).resolved == commits["main"]
    assert {*here.running.saw("authorization")} == {here.git.accounts["private"].basic}
    assert any("remote-https" in text for text in seen)
    assert [hit for text in seen for hit in canary.hits(text)] == []


def test_a_deadline_ends_git_and_all_that_it_started(here: Forge, stalled: threading.Event) -> None:
    begun = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        here.read(here.url("private/app"), terms=Terms(limits=Limits(seconds=3)))
    assert stalled.is_set()
    assert time.monotonic() - begun < 10
    assert settled(lambda: of_git(here) == [])
    assert here.left == []


def test_a_halt_ends_git_and_all_that_it_started(here: Forge, stalled: threading.Event) -> None:
    halt = Halt()

    def stop() -> None:
        stalled.wait(30)
        assert of_git(here) != []
        halt.now()

    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(OcibrokerError, match="was stopped"):
        here.read(here.url("private/app"), terms=Terms(halt=halt))
    stopper.join()
    assert settled(lambda: of_git(here) == [])
    assert here.left == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_whatever_ends_us_ends_git(number: signal.Signals, here: Forge, stalled: threading.Event) -> None:
    config = here.desk.folder / "config.toml"
    config.write_text(here.rule())
    config.chmod(0o600)
    environ = {
        **os.environ,
        "HOME": str(here.desk.folder),
        "XDG_RUNTIME_DIR": str(here.runtime),
        "SSL_CERT_FILE": str(here.desk.roots),
    }
    argv = [sys.executable, "-c", PROGRAM, str(config), here.url("private/app"), str(here.folder)]
    with subprocess.Popen(argv, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert stalled.wait(30)
        assert of_git(here) != []
        process.send_signal(number)
        process.wait(20)
    assert settled(lambda: of_git(here) == [])
    assert settled(lambda: [*here.runtime.iterdir()] == [])
