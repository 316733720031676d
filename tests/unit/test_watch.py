"""A change of a file is noticed, one second later and without reading it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ocibroker.watch import EVERY, Watch, look


class Hands:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def replaced(path: Path) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text("abc")
    found = path.stat()
    os.utime(fresh, ns=(found.st_atime_ns, found.st_mtime_ns))
    fresh.replace(path)


def touched(path: Path) -> None:
    os.utime(path, ns=(0, 1))


def grown(path: Path) -> None:
    before = path.stat().st_mtime_ns
    path.write_text("abcd")
    os.utime(path, ns=(before, before))


def removed(path: Path) -> None:
    path.unlink()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_text("abc")
    return path


every_change = pytest.mark.parametrize(
    "change", [replaced, touched, grown, removed], ids=lambda change: change.__name__
)


@every_change
def test_a_changed_file_looks_different(path: Path, change: Callable[[Path], None]) -> None:
    before = look([path])
    change(path)
    assert look([path]) != before


def test_an_unchanged_file_looks_the_same(path: Path) -> None:
    assert look([path]) == look([path])


@pytest.mark.fault(18)
def test_the_swap_of_a_link_looks_different(path: Path, tmp_path: Path) -> None:
    data, link = tmp_path / "..data", tmp_path / "mounted"
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "password").write_text("abc")
        os.utime(tmp_path / name / "password", ns=(0, 0))
    data.symlink_to("first")
    link.symlink_to("..data/password")
    before = look([link])
    data.unlink()
    data.symlink_to("second")
    assert look([link]) != before


@pytest.mark.parametrize(
    "name", ["missing", "file/below", "a\x00b", "n" * 300], ids=["missing", "below", "nul", "long"]
)
def test_a_path_with_nothing_behind_it_is_no_error(path: Path, name: str) -> None:
    assert look([path.parent / name]) == ((str(path.parent / name), None),)


@every_change
def test_a_change_is_seen_a_second_later_and_not_before(path: Path, change: Callable[[Path], None]) -> None:
    hands = Hands()
    watch = Watch([path], hands)
    before = watch.seen()
    change(path)
    hands.now = EVERY - 0.001
    assert watch.seen() == before
    hands.now = EVERY
    assert watch.seen() != before


def test_looks_are_at_least_a_second_apart(path: Path) -> None:
    hands = Hands()
    watch = Watch([path], hands)
    hands.now = 1.5
    before = watch.seen()
    removed(path)
    hands.now = 2.4
    assert watch.seen() == before


def test_nothing_to_watch_never_changes() -> None:
    hands = Hands()
    watch = Watch([], hands)
    hands.now = 10
    assert watch.seen() == ()
