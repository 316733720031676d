"""What stands in the way of a Unix socket is told apart."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from ocibroker.socket_trouble import socket_trouble

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs Unix sockets")


def stale(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(place))


def failure(place: Path) -> OSError:
    with socket.socket(socket.AF_UNIX) as one, pytest.raises(OSError) as caught:
        one.connect(str(place))
    return caught.value


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda _: None, "is not there"),
        (Path.touch, "is no socket"),
        (Path.mkdir, "is no socket"),
        (stale, "is a socket that nobody listens on any more"),
    ],
    ids=["nothing", "a file", "a folder", "a stale socket"],
)
def test_what_the_kernel_refuses_is_told_by_what_stands_there(
    make: Callable[[Path], object], why: str, tmp_path: Path
) -> None:
    make(tmp_path / "s")
    said, cure = socket_trouble(str(tmp_path / "s"), failure(tmp_path / "s"))
    assert said == why
    assert cure


def test_who_may_not_connect_is_told_whose_it_is(tmp_path: Path) -> None:
    """Root may always connect, so the kernel's refusal is made by hand."""
    stale(tmp_path / "s")
    (tmp_path / "s").chmod(0o600)
    why, cure = socket_trouble(str(tmp_path / "s"), PermissionError(errno.EACCES, "Permission denied"))
    assert why == f"may not be connected to by this user: it belongs to uid {os.geteuid()}, mode 0600"
    assert cure == "set mode or owner in its [sidecar]"


def test_a_folder_that_may_not_be_entered_is_told(tmp_path: Path) -> None:
    why, _ = socket_trouble(str(tmp_path / "hidden" / "s"), PermissionError(errno.EACCES, "Permission denied"))
    assert why == "is in a folder that this user may not enter"


def test_one_that_is_too_busy_is_told(tmp_path: Path) -> None:
    stale(tmp_path / "s")
    assert socket_trouble(str(tmp_path / "s"), TimeoutError("timed out"))[0] == "does not answer in time"
