"""The audit file: its owner's alone, never a link's end, and another one after a rotation."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ocibroker.audit import AuditFile, Lines
from ocibroker.errors import ConfigurationError
from tests.transport.hand_clock import HandClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


@pytest.fixture
def file(path: Path, clock: HandClock) -> Iterator[AuditFile]:
    made = AuditFile(path, clock.monotonic)
    yield made
    made.close()


def test_it_is_made_for_its_owner_alone(file: AuditFile, path: Path) -> None:
    file.write(b"one\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == b"one\n"


def test_what_is_there_stays(path: Path, clock: HandClock) -> None:
    path.touch(0o640)
    path.write_bytes(b"before\n")
    file = AuditFile(path, clock.monotonic)
    file.write(b"after\n")
    file.close()
    assert path.read_bytes() == b"before\nafter\n"


def _link(path: Path) -> None:
    path.symlink_to(path.with_name("elsewhere"))


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _open_to_all(path: Path) -> None:
    path.touch()
    path.chmod(0o666)


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        (_link, "cannot be opened"),
        (_pipe, "cannot be opened|is not a regular file"),
        (lambda path: path.mkdir(), "cannot be opened"),
        (_open_to_all, "can be written by others"),
    ],
    ids=["link", "pipe", "folder", "mode"],
)
def test_what_others_could_read_or_forge_is_refused(
    path: Path, clock: HandClock, prepare: Callable[[Path], None], why: str
) -> None:
    prepare(path)
    with pytest.raises(ConfigurationError, match=why):
        AuditFile(path, clock.monotonic)
    assert not path.with_name("elsewhere").exists()


def test_a_folder_that_is_missing_is_said(path: Path, clock: HandClock) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        AuditFile(path.parent / "missing" / "audit.jsonl", clock.monotonic)


@pytest.mark.parametrize("asked", [True, False], ids=["SIGHUP", "a second later"])
def test_after_a_rotation_it_is_another_one(file: AuditFile, path: Path, clock: HandClock, *, asked: bool) -> None:
    file.write(b"one\n")
    rotated = path.rename(path.with_name("audit.jsonl.1"))
    file.write(b"two\n")
    if asked:
        file.reopen()
    else:
        clock.move(1)
    file.write(b"three\n")
    assert (rotated.read_bytes(), path.read_bytes()) == (b"one\ntwo\n", b"three\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_cannot_be_opened_anew_is_written_on_where_it_was(
    file: AuditFile, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rotated = path.rename(path.with_name("audit.jsonl.1"))
    path.mkdir()
    file.reopen()
    file.write(b"one\n")
    assert rotated.read_bytes() == b"one\n"
    assert "is written on" in caplog.text


def test_what_cannot_be_written_raises_and_a_line_that_was_cut_does_not_spoil_the_next() -> None:
    reader, out = os.pipe()
    os.set_blocking(out, False)
    lines = Lines(out)
    with pytest.raises(BlockingIOError) as caught:
        lines.write(b"x" * 1_000_000 + b"\n")
    assert caught.value.errno == errno.EAGAIN
    os.set_blocking(reader, False)
    while True:
        try:
            os.read(reader, 1_000_000)
        except BlockingIOError:
            break
    lines.write(b"whole\n")
    assert os.read(reader, 100) == b"\nwhole\n"
    os.close(reader)
    os.close(out)
