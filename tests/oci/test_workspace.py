"""A folder that several runs write into: none is in another's way, whenever it comes or goes."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from ocibroker.errors import WriteFailed
from ocibroker.oci import Descriptor, Digest
from ocibroker.oci.filename import RESERVED
from ocibroker.oci.partial import Partial
from ocibroker.oci.workspace import Workspace
from tests.oci.recorded import Recorded
from tests.oci.shop import Hasty, Shop
from tests.oci.stock import Blob, artifact, noise

BODY = noise(1000)
BLOB = Descriptor(media_type="", digest=Digest.sha256(BODY), size=len(BODY))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out"


def complete(workspace: Workspace, final: Path) -> Partial:
    """Let the blob grow to its end."""
    with workspace.grow(BLOB, final, Hasty()) as partial:
        if not partial.verified:
            partial.restart()
            partial.write(BODY)
    return partial


def test_runs_that_come_and_go_at_the_same_time_all_succeed(folder: Path) -> None:
    def run(number: int) -> None:
        for _ in range(200):
            with Workspace(folder) as workspace:
                workspace.write(str(number).encode(), folder / str(number), Hasty())
                (folder / str(number)).unlink()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    assert list(folder.iterdir()) == []


def test_what_another_run_has_completed_is_not_written_again(folder: Path) -> None:
    with Workspace(folder) as one, Workspace(folder) as other:
        grown = complete(one, folder / "app.bin")
        os.utime(grown.path, (1, 1))
        other.write(BODY, folder / "app.bin", Hasty())
    assert (folder / "app.bin").stat().st_mtime == 1


def test_what_another_run_has_published_is_published(folder: Path) -> None:
    with Workspace(folder) as one, Workspace(folder) as other:
        grown = [complete(each, folder / "app.bin") for each in (one, other)]
        assert one.publish(grown[0], folder / "app.bin", Hasty())
        assert other.publish(grown[1], folder / "app.bin", Hasty())


def test_what_a_third_run_begins_anew_does_not_get_the_name(folder: Path) -> None:
    with Workspace(folder) as one, Workspace(folder) as other, Workspace(folder) as third:
        grown = [complete(each, folder / "app.bin") for each in (one, other)]
        assert one.publish(grown[0], folder / "app.bin", Hasty())
        with third.grow(BLOB, folder / "app.bin", Hasty()) as begun:
            begun.write(BODY[:10])
        assert other.publish(grown[1], folder / "app.bin", Hasty())
        assert (folder / "app.bin").read_bytes() == BODY


def test_what_a_file_system_gives_another_time_in_the_end_is_published(folder: Path) -> None:
    with Workspace(folder) as one:
        grown = complete(one, folder / "app.bin")
        os.utime(grown.path, (1, 1))
        assert one.publish(grown, folder / "app.bin", Hasty())
        assert (folder / "app.bin").read_bytes() == BODY


def test_what_is_open_in_another_run_is_not_removed(folder: Path) -> None:
    with Workspace(folder) as one, ExitStack() as ends_first:
        complete(ends_first.enter_context(Workspace(folder)), folder / "app.bin")
        with one.grow(BLOB, folder / "app.bin", Hasty()) as grown:
            ends_first.close()
        assert one.publish(grown, folder / "app.bin", Hasty())


def test_what_another_run_has_removed_is_not(folder: Path) -> None:
    with Workspace(folder) as one:
        grown = complete(one, folder / "app.bin")
        grown.path.unlink()
        assert not one.publish(grown, folder / "app.bin", Hasty())


def test_what_cannot_get_its_name_is_an_error_and_removed(folder: Path) -> None:
    with Workspace(folder) as one:
        grown = complete(one, folder / "app.bin")
        (folder / "app.bin").mkdir()
        with pytest.raises(WriteFailed, match="cannot be written"):
            one.publish(grown, folder / "app.bin", Hasty())
    assert [path.name for path in folder.iterdir()] == ["app.bin"]


@pytest.mark.skipif(os.name != "posix", reason="needs modes")
def test_a_file_may_be_read_by_whom_the_users_mask_lets(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    with Workspace(folder) as one:
        one.write(BODY, folder / "app.bin", Hasty())
    assert (folder / "app.bin").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_what_is_left_stays_and_the_rest_goes(folder: Path) -> None:
    with Workspace(folder) as one:
        left = complete(one, folder / "left")
        complete(one, folder / "gone")
        one.leave(BLOB, folder / "left")
    assert list((folder / RESERVED).iterdir()) == [left.path]


def test_a_pull_whose_blobs_another_run_removes_at_its_end_fetches_them_again(shop: Shop) -> None:
    class Removed(Recorded):
        """Removes what has grown, once all is complete."""

        def end(self, name: str) -> None:
            super().end(name)
            if len(self.ended) == 2:
                for path in (shop.folder / RESERVED).iterdir():
                    path.unlink()

    one, two = Blob(BODY, "one"), Blob(BODY[::-1], "two")
    seen = Removed()
    shop.pull(shop.push(artifact(one, two)), progress=seen)
    assert shop.everything == {"one": BODY, "two": BODY[::-1]}
    assert sorted(seen.ended) == ["one", "one", "two", "two"]
