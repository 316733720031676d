"""A private folder that goes with its owner."""

from __future__ import annotations

import gc
import shutil
import stat
from pathlib import Path

import pytest

from ocibroker.scratch import Scratch


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nothing_is_made_before_the_first_write() -> None:
    Scratch().close()


def test_a_written_file_holds_the_text() -> None:
    scratch = Scratch()
    assert scratch.write("a.pem", "text").read_text() == "text"


def test_nobody_else_may_look_into_the_folder() -> None:
    scratch = Scratch()
    assert mode(scratch.write("a.pem", "text").parent) == 0o700


def test_the_same_name_is_the_same_file() -> None:
    scratch = Scratch()
    assert scratch.write("a.pem", "text") == scratch.write("a.pem", "text")


def test_closing_removes_the_folder() -> None:
    scratch = Scratch()
    path = scratch.write("a.pem", "text")
    scratch.close()
    assert not path.parent.exists()


def test_the_folder_goes_with_its_owner() -> None:
    scratch = Scratch()
    path = scratch.write("a.pem", "text")
    del scratch
    gc.collect()
    assert not path.parent.exists()


def test_it_can_be_used_again_after_closing() -> None:
    scratch = Scratch()
    scratch.write("a.pem", "text")
    scratch.close()
    assert scratch.write("a.pem", "text").read_text() == "text"


def test_a_folder_that_was_cleaned_away_is_made_again() -> None:
    scratch = Scratch()
    shutil.rmtree(scratch.write("a.pem", "text").parent)
    assert scratch.write("a.pem", "text").read_text() == "text"


@pytest.mark.parametrize("planted", ["folder", "link"])
def test_what_stands_in_the_place_of_the_folder_is_never_trusted(planted: str, tmp_path: Path) -> None:
    scratch = Scratch()
    folder = scratch.write("a.pem", "ours").parent
    kept = folder.rename(tmp_path / "kept")  # so that its inode is not used again
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "a.pem").write_text("theirs")
    if planted == "link":
        folder.symlink_to(tmp_path / "theirs")
    else:
        shutil.copytree(tmp_path / "theirs", folder)
    try:
        assert scratch.write("a.pem", "ours").read_text() == "ours"
    finally:
        folder.unlink() if planted == "link" else shutil.rmtree(folder)
        shutil.rmtree(kept)
