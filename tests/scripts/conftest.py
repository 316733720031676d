"""A home for the helper, and what may be at the place where it looks for the sidecar."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scripts.helper import Helper

STRANGER = 65534
LISTENING = """
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
os.setuid(int(sys.argv[2]))
listener.listen()
print("listening", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def helper(tmp_path: Path) -> Helper:
    return Helper.at_home(tmp_path)


@pytest.fixture
def place(helper: Helper) -> Path:
    """Where the helper looks for the sidecar: its runtime directory is its home."""
    path = helper.home / "ocibroker" / "broker.sock"
    path.parent.mkdir()
    return path


@pytest.fixture
def busy(place: Path) -> Iterator[Path]:
    """A socket with nobody who accepts, and as many callers as may wait."""
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as waiting:
        listener.bind(str(place))
        listener.listen(0)
        waiting.connect(str(place))
        yield place


@pytest.fixture
def deserted(place: Path) -> Path:
    """A socket that is left over."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
    return place


@pytest.fixture
def strange(place: Path) -> Iterator[Path]:
    """A socket at which another user listens."""
    command = [sys.executable, "-c", LISTENING, str(place), str(STRANGER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"listening\n"
        yield place
        process.communicate()
