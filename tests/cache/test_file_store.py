"""The store in files: what it keeps, whom it believes, and that nothing that goes wrong in it is in the way."""

from __future__ import annotations

import logging
import os
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ocibroker import Anonymous, Basic, Bearer, IdentityToken, Secret
from ocibroker.cache import Entry, FileStore, cache_folder
from ocibroker.cache.boot import boot_id
from ocibroker.cache.record import LARGEST, dump
from ocibroker.deadline import Deadline
from tests.cache.moments import BEGIN, entry, moment

KEY, OTHER = "a" * 64, "b" * 64
SECRET = "c4n4ry-of-the-cache"
EXPIRES = BEGIN + timedelta(hours=12)
TOKENS = (
    Basic(username="AWS", secret=Secret(SECRET), issued_at=BEGIN, expires_at=EXPIRES),
    IdentityToken(secret=Secret(SECRET), username="", expires_at=EXPIRES),
    Bearer(secret=Secret(SECRET), expires_at=EXPIRES),
)


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "cache", "this start")


def kept(credential: Basic | IdentityToken | Bearer = TOKENS[0]) -> Entry:
    return Entry(answer=credential, at=moment(0), share=0.6)


@pytest.mark.parametrize("credential", TOKENS, ids=lambda one: type(one).__name__)
def test_what_is_kept_comes_back_as_it_was(store: FileStore, credential: Basic | IdentityToken | Bearer) -> None:
    store.put(KEY, kept(credential), "ecr")
    assert store.get(KEY, moment(60)) == kept(credential)
    assert store.get(OTHER, moment(60)) is None


@pytest.mark.parametrize("answer", [Anonymous("nobody"), Basic(username="alice", secret=Secret(SECRET))])
def test_what_does_not_expire_is_never_written(store: FileStore, answer: Anonymous | Basic) -> None:
    store.put(KEY, Entry(answer=answer, at=moment(0)), "basic")
    assert not store.folder.exists()


def test_files_and_folder_are_their_owner_s_and_no_name_tells_anything(store: FileStore) -> None:
    store.put(KEY, kept(), "ecr")
    with store.turn(KEY, Deadline.after(10)):
        assert {path.name for path in store.folder.iterdir()} == {KEY, f"{KEY}.lock"}
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in store.folder.iterdir()} == {0o600}


@pytest.mark.fault(21)
def test_a_newer_one_is_not_replaced_by_an_older(store: FileStore) -> None:
    newer = replace(TOKENS[0], secret=Secret("newer"), expires_at=EXPIRES + timedelta(hours=1))
    store.put(KEY, kept(newer), "ecr")
    store.put(KEY, kept(), "ecr")
    found = store.get(KEY, moment(0))
    assert found is not None
    assert found.answer == newer


def test_what_was_refused_is_dropped_and_nothing_else(store: FileStore) -> None:
    store.put(KEY, kept(), "ecr")
    store.discard(KEY, TOKENS[2], moment(0))
    assert store.get(KEY, moment(0)) is not None
    store.discard(KEY, TOKENS[0], moment(0))
    store.forget(OTHER)
    assert store.get(KEY, moment(0)) is None


class TestAfterAnotherStart:
    """The clock that counts since the start says nothing of another start."""

    def test_the_wall_clock_alone_counts(self, store: FileStore) -> None:
        store.put(KEY, kept(), "ecr")
        found = FileStore(store.folder, "another start").get(KEY, moment(3600))
        assert found is not None
        assert found.at == moment(0)

    def test_what_was_got_in_the_future_is_not_believed(self, store: FileStore) -> None:
        store.put(KEY, kept(), "ecr")
        assert FileStore(store.folder, "another start").get(KEY, moment(60, -3600)) is None
        assert store.get(KEY, moment(60, -3600)) is not None

    def test_no_id_is_another_start(self, store: FileStore) -> None:
        nameless = FileStore(store.folder, "")
        nameless.put(KEY, kept(), "ecr")
        found = nameless.get(KEY, moment(3600, 7200))
        assert found is not None
        assert found.at.boot == moment(3600).boot - 10800

    def test_this_machine_says_which_start_it_is_or_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "id").write_text("an-id\n")
        assert boot_id(tmp_path / "id") == "an-id"
        assert boot_id(tmp_path / "nowhere") == ""


def planted(kind: str, path: Path, data: bytes) -> None:
    """Put something else in a file's place, that holds the right content where it can hold any."""
    aside = path.with_name("aside")
    aside.write_bytes(data)
    aside.chmod(0o600)
    match kind:
        case "link":
            path.symlink_to(aside)
        case "second name":
            path.hardlink_to(aside)
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path, 0o600)
        case "readable by others":
            aside.rename(path)
            path.chmod(0o644)
        case "somebody else's":
            aside.rename(path)
            os.chown(path, 12345, 12345)
        case "endless":
            aside.rename(path)
            os.truncate(path, 1024**3)


@pytest.mark.fault(20)
class TestWhatIsNotBelieved:
    KINDS = ("link", "second name", "folder", "pipe", "readable by others", "somebody else's", "endless")

    @pytest.mark.parametrize("kind", KINDS)
    def test_something_else_in_its_place_is_a_miss(self, store: FileStore, kind: str) -> None:
        if kind == "somebody else's" and os.geteuid() != 0:
            pytest.skip("only root can give a file away")
        data = dump(KEY, kept(), "ecr", "this start")
        assert data is not None
        store.folder.mkdir(mode=0o700)
        planted(kind, store.folder / KEY, data)
        assert store.get(KEY, moment(0)) is None

    def test_a_file_cut_anywhere_is_a_miss(self, store: FileStore) -> None:
        store.put(KEY, kept(), "ecr")
        whole = (store.folder / KEY).read_bytes()
        for end in range(len(whole)):
            (store.folder / KEY).write_bytes(whole[:end])
            assert store.get(KEY, moment(0)) is None

    def test_a_file_with_any_bit_flipped_is_a_miss(self, store: FileStore) -> None:
        store.put(KEY, kept(), "ecr")
        whole = (store.folder / KEY).read_bytes()
        for at in range(len(whole)):
            (store.folder / KEY).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            assert store.get(KEY, moment(0)) is None

    def test_another_key_s_entry_and_another_version_are_misses(self, store: FileStore) -> None:
        store.put(OTHER, kept(), "ecr")
        (store.folder / OTHER).rename(store.folder / KEY)
        assert store.get(KEY, moment(0)) is None

    def test_the_next_entry_takes_the_place_of_a_broken_one(self, store: FileStore) -> None:
        store.folder.mkdir(mode=0o700)
        (store.folder / KEY).write_bytes(b"x" * (LARGEST + 2))
        store.put(KEY, kept(), "ecr")
        assert store.get(KEY, moment(0)) == kept()


@pytest.mark.fault(19)
class TestTrouble:
    @pytest.fixture(params=["a file in the folder's place", "a folder that others write"])
    def broken(self, request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
        folder = tmp_path / "cache"
        if request.param == "a file in the folder's place":
            folder.write_text("")
        else:
            folder.mkdir()
            folder.chmod(0o777)
        return FileStore(folder, "this start")

    def test_it_is_told_once_and_in_nobody_s_way(self, broken: FileStore, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.WARNING)
        for _ in range(3):
            broken.put(KEY, kept(), "ecr")
            assert broken.get(KEY, moment(0)) is None
        assert caplog.text.count("the cache cannot be used") == 1
        assert SECRET not in caplog.text

    def test_what_is_wrong_is_told_until_all_is_well(self, tmp_path: Path) -> None:
        (tmp_path / "cache").write_text("")
        store = FileStore(tmp_path / "cache", "this start")
        store.put(KEY, kept(), "ecr")
        told = store.trouble
        (tmp_path / "cache").unlink()
        store.put(KEY, kept(), "ecr")
        assert ("cache" in told, store.trouble) == (True, "")

    def test_who_waits_in_vain_for_a_turn_goes_on_without(self, store: FileStore) -> None:
        with store.turn(KEY, Deadline.after(10)), FileStore(store.folder, "x").turn(KEY, Deadline.after(0.1)):
            pass


def test_a_turn_tells_whether_it_had_to_wait_and_leaves_no_file(store: FileStore) -> None:
    other = FileStore(store.folder, "this start")
    with store.turn(KEY, Deadline.after(10)) as first, other.turn(KEY, Deadline.after(0.1)) as second:
        assert (first, second) == (False, True)
    assert [*store.folder.iterdir()] == []


class TestPruning:
    @pytest.mark.fault(22)
    def test_what_has_expired_and_what_a_crash_has_left_goes(self, store: FileStore) -> None:
        store.put(OTHER, kept(), "ecr")
        left = (store.folder / f".{KEY}.0123", store.folder / f"{KEY}.lock")
        for path in left:
            path.touch(0o600)
        later = Entry(answer=replace(TOKENS[0], expires_at=BEGIN + timedelta(days=9)), at=moment(86_400.0))
        for path in left:
            os.utime(path, (0, BEGIN.timestamp()))
        store.put(KEY, later, "ecr")
        assert {path.name for path in store.folder.iterdir()} == {KEY}

    def test_what_is_good_or_young_stays(self, store: FileStore) -> None:
        store.put(OTHER, kept(), "ecr")
        (store.folder / f".{OTHER}.0123").touch(0o600)
        store.put(KEY, kept(), "ecr")
        assert len([*store.folder.iterdir()]) == 3


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"XDG_RUNTIME_DIR": "/run/user/7", "HOME": "/home/a"}, "/run/user/7/ocibroker/cache"),
        ({"XDG_CACHE_HOME": "/var/caches", "HOME": "/home/a"}, "/var/caches/ocibroker"),
        ({"HOME": "/home/a"}, "/home/a/.cache/ocibroker"),
    ],
)
def test_where_it_lies(environ: dict[str, str], folder: str) -> None:
    assert cache_folder(environ) == Path(folder)


def test_an_entry_that_is_short_of_life_is_kept_too(store: FileStore) -> None:
    short = entry(12.0)
    store.put(KEY, short, "gar")
    assert store.get(KEY, moment(0)) == short
