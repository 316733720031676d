"""Unpacking: what is in an archive, below one folder, or an error that says what was wrong with it."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocibroker.bundle.entry import parts_of
from ocibroker.bundle.kind import Kind, kind_of, stem_of
from ocibroker.bundle.limits import USUAL, Limits
from ocibroker.bundle.tree import listed
from ocibroker.bundle.unpack import unpack
from ocibroker.bundle.zipball import LARGEST_DIRECTORY
from ocibroker.errors import DeadlineExceeded, IntegrityError, WriteFailed
from tests.bundle.packed import ALL, Item, file, hard_link, link, packed, with_dictionary
from tests.bundle.readings import files_of, reading

CULPRIT = "https://charts.test/app.tgz"

Unpack = Callable[..., Path]


@pytest.fixture
def unpacked(tmp_path: Path) -> Unpack:
    """Unpack an archive into a folder that has a neighbour, and return it."""
    (tmp_path / "neighbour").write_bytes(b"mine")

    def unpacked(archive: bytes, kind: Kind, limits: Limits = USUAL, *, seconds: float = 30.0) -> Path:
        path, into = tmp_path / "archive", tmp_path / "into"
        path.write_bytes(archive)
        unpack(path, kind, into, reading(tmp_path, limits=limits, seconds=seconds), CULPRIT)
        listed(into, limits, CULPRIT)
        return into

    return unpacked


@pytest.mark.parametrize("kind", ALL)
class TestWhatIsThere:
    def test_is_there_afterwards(self, unpacked: Unpack, kind: Kind) -> None:
        items = [Item("app", sort="folder"), file("app/Chart.yaml", b"name"), file("./app/deep/er/x", b"")]
        root = unpacked(packed(items, kind), kind)
        assert files_of(root) == {"app/Chart.yaml": b"name", "app/deep/er/x": b""}

    def test_folders_may_be_named_twice_and_the_root_too(self, unpacked: Unpack, kind: Kind) -> None:
        items = [Item(".", sort="folder"), Item("a", sort="folder"), file("a/x"), Item("a", sort="folder")]
        assert files_of(unpacked(packed(items, kind), kind)) == {"a/x": b"here"}

    def test_of_a_mode_only_who_may_run_it_is_kept(self, unpacked: Unpack, kind: Kind) -> None:
        root = unpacked(packed([file("run", mode=0o6755), file("read", mode=0o4600)], kind), kind)
        mask = os.umask(0)
        os.umask(mask)
        modes = {name: stat.S_IMODE((root / name).stat().st_mode) for name in ("run", "read")}
        assert modes == {"run": 0o777 & ~mask, "read": 0o666 & ~mask}

    def test_links_within_it_stay_links(self, unpacked: Unpack, kind: Kind) -> None:
        root = unpacked(packed([link("a/to", "../b/x"), file("b/x")], kind), kind)
        assert (root / "a" / "to").readlink() == Path("../b/x")
        assert files_of(root) == {"a/to": b"here", "b/x": b"here"}

    def test_an_empty_archive_is_an_empty_folder(self, unpacked: Unpack, kind: Kind) -> None:
        assert files_of(unpacked(packed([], kind), kind)) == {}


def test_a_hard_link_to_an_earlier_file_is_that_file(unpacked: Unpack) -> None:
    assert files_of(unpacked(packed([file("a"), hard_link("b/c", "a")]), "tar.gz")) == {
        "a": b"here",
        "b/c": b"here",
    }


ATTACKS = {
    "absolute": [file("/etc/cron.d/x")],
    "absolute by slashes": [file("//etc/x")],
    "parent": [file("../neighbour")],
    "parent in the middle": [file("a/../../neighbour")],
    "parent that would come back": [file("a/../b")],
    "windows drive": [file("C:/x")],
    "windows drive, relative": [file("a/C:x")],
    "windows separators": [file("..\\neighbour")],
    "control character": [file("a\nb")],
    "escape sequence": [file("\x1b[2Jx")],
    "too long": [file("a" * 256)],
    "too deep": [file("/".join("a" * 101))],
    "link to an absolute path": [link("a", "/etc/passwd")],
    "link that leads out": [link("a", "../neighbour")],
    "link that leads out deeper down": [link("a/b/c", "../../../neighbour")],
    "link that leads out by another": [
        Item("d/e", sort="folder"),
        link("up", "d/e"),
        link("a", "up/../../../neighbour"),
    ],
    "link to nothing": [link("a", "")],
    "link to a drive": [link("a", "C:/x")],
    "link to a share": [link("a", "\\\\host\\share")],
    "file through a link": [link("a", ".."), file("a/neighbour")],
    "file through a link within": [Item("b", sort="folder"), link("a", "b"), file("a/x")],
    "file in place of a link": [link("a", "../neighbour"), file("a")],
    "folder in place of a link": [link("a", ".."), Item("a", sort="folder"), file("a/neighbour")],
    "fifo": [Item("a", sort="fifo")],
    "character device": [Item("a", sort="character device")],
    "block device": [Item("a", sort="block device")],
    "the same file twice": [file("a", b"one"), file("a", b"other")],
    "another case": [file("README"), file("readme")],
    "another case of a folder": [file("Templates/x"), file("templates/y")],
    "another case by folding": [file("straße"), file("STRASSE")],
    "another normal form": [file("caf\N{LATIN SMALL LETTER E WITH ACUTE}"), file("cafe\N{COMBINING ACUTE ACCENT}")],
    "a file that is a folder": [file("a"), file("a/b")],
    "a folder that is a file": [file("a/b"), file("a")],
    "nothing but a dot": [file(".")],
}
HARD_LINKS = {
    "hard link that leads out": [hard_link("a", "../neighbour")],
    "hard link to an absolute path": [hard_link("a", "/etc/passwd")],
    "hard link to nothing": [hard_link("a", "b")],
    "hard link to what comes later": [hard_link("a", "b"), file("b")],
    "hard link to a link": [link("b", "c"), file("c"), hard_link("a", "b")],
    "hard link to a folder": [file("b/c"), hard_link("a", "b")],
    "hard link through a link": [link("b", ".."), hard_link("a", "b/neighbour")],
}


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("items", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_is_refused_and_nothing_else_is_touched(
    unpacked: Unpack, tmp_path: Path, items: list[Item], kind: Kind
) -> None:
    with pytest.raises(IntegrityError, match=rf"^{CULPRIT}: holds "):
        unpacked(packed(items, kind), kind)
    assert (tmp_path / "neighbour").read_bytes() == b"mine"
    assert {path.name for path in tmp_path.iterdir()} == {"neighbour", "archive", "into"}


@pytest.mark.parametrize("items", HARD_LINKS.values(), ids=HARD_LINKS)
def test_a_hard_link_to_anything_but_a_file_before_it_is_refused(
    unpacked: Unpack, tmp_path: Path, items: list[Item]
) -> None:
    with pytest.raises(IntegrityError, match=rf"^{CULPRIT}: holds "):
        unpacked(packed(items), "tar.gz")
    assert (tmp_path / "neighbour").stat().st_nlink == 1


@pytest.mark.parametrize("name", ["nul", "COM1.txt", "a/aux.yaml", "ab:stream", "trailing.", "trailing ", "lpt¹"])
def test_what_is_no_file_on_windows_is_refused_there(name: str) -> None:
    with pytest.raises(IntegrityError, match="no name of a file on Windows"):
        parts_of(name, CULPRIT, windows=True)
    assert parts_of(name, CULPRIT, windows=False)


class TestBombs:
    @pytest.mark.parametrize("kind", ALL)
    def test_more_than_may_be_is_refused(self, unpacked: Unpack, kind: Kind) -> None:
        archive = packed([file("a", bytes(300_000)), file("b", bytes(300_000))], kind)
        with pytest.raises(IntegrityError, match="would become more than 500000 bytes"):
            unpacked(archive, kind, Limits(unpacked=500_000))

    @pytest.mark.parametrize("kind", ["tar.gz", "zip"])
    def test_what_grows_too_much_is_refused_long_before_the_limit(self, unpacked: Unpack, kind: Kind) -> None:
        archive = packed([file("zeros", bytes(90 * 1024**2))], kind)
        with pytest.raises(IntegrityError, match="would become more than 67108864 bytes"):
            unpacked(archive, kind)

    @pytest.mark.parametrize("kind", ALL)
    def test_more_entries_than_may_be_are_refused(self, unpacked: Unpack, kind: Kind) -> None:
        archive = packed([file(str(number), b"") for number in range(11)], kind)
        with pytest.raises(IntegrityError, match="holds more than 10 entries"):
            unpacked(archive, kind, Limits(entries=10))

    @pytest.mark.parametrize("kind", ALL)
    def test_the_deadline_ends_it(self, unpacked: Unpack, kind: Kind) -> None:
        with pytest.raises(DeadlineExceeded):
            unpacked(packed([file("a")], kind), kind, seconds=0)

    def test_a_zip_entry_that_lies_about_its_size_is_refused(self, unpacked: Unpack) -> None:
        archive = bytearray(packed([file("a", bytes(100_000))], "zip"))
        entry = archive.index(b"PK\1\2")
        archive[entry + 24 : entry + 28] = struct.pack("<I", 10)
        with pytest.raises(IntegrityError):
            unpacked(bytes(archive), "zip")

    @pytest.mark.parametrize("wide", [False, True])
    def test_a_table_of_contents_without_end_is_not_held_in_memory(self, unpacked: Unpack, *, wide: bool) -> None:
        archive = bytearray(packed([file("a")], "zip"))
        end = archive.index(b"PK\5\6")
        if wide:
            end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, LARGEST_DIRECTORY + 1, 0)
            archive[end:end] = end64 + struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
        else:
            archive[end + 12 : end + 16] = struct.pack("<L", LARGEST_DIRECTORY + 1)
        with pytest.raises(IntegrityError, match="has a table of contents without end"):
            unpacked(bytes(archive), "zip")

    def test_a_comment_behind_it_is_none(self, unpacked: Unpack, tmp_path: Path) -> None:
        path = tmp_path / "zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.comment = b"PK\5\5" * 10_000
            archive.writestr("a", b"here")
        assert files_of(unpacked(path.read_bytes(), "zip")) == {"a": b"here"}

    def test_a_description_without_end_is_not_held_in_memory(self, unpacked: Unpack) -> None:
        header = tarfile.TarInfo("long")
        header.type, header.size = tarfile.XHDTYPE, 50 * 1024**2
        with pytest.raises(IntegrityError, match="is no complete tar archive"):
            unpacked(header.tobuf(tarfile.USTAR_FORMAT) + bytes(header.size + 1024), "tar")

    @pytest.mark.parametrize(("dictionary", "good"), [(28, True), (36, False)])
    def test_an_xz_that_wants_the_memory_of_the_machine_is_refused(
        self, unpacked: Unpack, *, dictionary: int, good: bool
    ) -> None:
        archive = with_dictionary(packed([file("a")], "tar.xz"), dictionary)
        if good:  # 64 MiB, as `xz -9`; the other asks for 1 GiB
            assert files_of(unpacked(archive, "tar.xz")) == {"a": b"here"}
            return
        with pytest.raises(IntegrityError, match=r"is no complete tar\.xz archive"):
            unpacked(archive, "tar.xz")


def sparse() -> bytes:
    header = tarfile.TarInfo("sparse")
    header.type = tarfile.GNUTYPE_SPARSE
    return header.tobuf(tarfile.GNU_FORMAT) + bytes(1024)


def test_a_sparse_file_is_refused(unpacked: Unpack) -> None:
    with pytest.raises(IntegrityError, match="a device, a pipe or a sparse file"):
        unpacked(sparse(), "tar")


def test_an_encrypted_file_is_refused(unpacked: Unpack) -> None:
    archive = bytearray(packed([file("a")], "zip"))
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        archive[archive.index(mark) + offset] |= 1
    with pytest.raises(IntegrityError, match="holds 'a', which is encrypted"):
        unpacked(bytes(archive), "zip")


def test_a_name_that_two_readers_could_read_differently_is_refused(unpacked: Unpack) -> None:
    archive = packed([file("good.txt?/../x")], "zip").replace(b"good.txt?", b"good.txt\0")
    with pytest.raises(IntegrityError, match="holds "):
        unpacked(archive, "zip")


COMPRESS: dict[Kind, Callable[[bytes], bytes]] = {
    "tar.gz": gzip.compress,
    "tar.bz2": bz2.compress,
    "tar.xz": lzma.compress,
}


@pytest.mark.parametrize(("kind", "compress"), COMPRESS.items())
def test_streams_may_follow_each_other(unpacked: Unpack, kind: Kind, compress: Callable[[bytes], bytes]) -> None:
    whole = packed([file("a", b"a" * 5000), file("b", b"b" * 5000)], "tar")
    archive = b"".join(compress(whole[at : at + 3000]) for at in range(0, len(whole), 3000))
    assert files_of(unpacked(archive, kind)) == {"a": b"a" * 5000, "b": b"b" * 5000}


ARCHIVES = {kind: packed([file("a", os.urandom(2000)), file("b/c", b"text" * 500)], kind) for kind in ALL}


@pytest.mark.parametrize("kind", ALL)
def test_one_that_ends_early_is_refused(unpacked: Unpack, tmp_path: Path, kind: Kind) -> None:
    whole = ARCHIVES[kind]
    length = len(whole) - 1 if kind != "tar" else 1000
    with pytest.raises(IntegrityError, match=f"is no complete {kind} archive"):
        unpacked(whole[:length], kind)


@pytest.mark.parametrize("kind", ALL)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_that_was_damaged_is_unpacked_or_refused_and_never_anything_else(
    tmp_path_factory: pytest.TempPathFactory, kind: Kind, data: st.DataObject
) -> None:
    archive = bytearray(ARCHIVES[kind])
    for at in data.draw(st.lists(st.integers(0, len(archive) - 1), min_size=1, max_size=8)):
        archive[at] = data.draw(st.integers(0, 255))
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "archive").write_bytes(archive)
    with suppress(IntegrityError):
        unpack(folder / "archive", kind, folder / "into", reading(folder), CULPRIT)
        listed(folder / "into", USUAL, CULPRIT)
    assert {path.name for path in folder.iterdir()} == {"archive", "into"}


PARTS = st.sampled_from(["a", "b", "A", "..", ".", "", "c:", "d\\e", "deep", "x\0y"])
NAMES = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
ITEMS = st.builds(
    Item, NAMES, st.binary(max_size=8), st.sampled_from(["file", "folder", "link", "hard link"]), NAMES
)


@settings(max_examples=200)
@given(items=st.lists(ITEMS, max_size=6), kind=st.sampled_from(["tar", "zip"]))
def test_whatever_the_names_nothing_is_written_outside(
    tmp_path_factory: pytest.TempPathFactory, items: list[Item], kind: Kind
) -> None:
    folder = tmp_path_factory.mktemp("names")
    into = folder / "a" / "b" / "into"
    (folder / "a").mkdir()
    (folder / "archive").write_bytes(packed(items, kind))
    try:
        unpack(folder / "archive", kind, into, reading(folder), CULPRIT)
        listed(into, USUAL, CULPRIT)
    except IntegrityError:
        pass
    else:
        inside = os.path.realpath(into)
        assert all(os.path.realpath(path).startswith(inside) for path in into.rglob("*"))
    outside = {path for path in folder.rglob("*") if into not in path.parents}
    assert outside == {folder / "archive", folder / "a", folder / "a" / "b", into}


def test_a_folder_that_is_there_already_is_left_alone(unpacked: Unpack, tmp_path: Path) -> None:
    (tmp_path / "into").mkdir()
    with pytest.raises(WriteFailed, match="into: cannot be written: File exists"):
        unpacked(packed([file("a")]), "tar.gz")


KINDS = {
    "app-1.0.0.tgz": ("tar.gz", "app-1.0.0"),
    "app.tar.gz": ("tar.gz", "app"),
    "APP.TAR.GZ": ("tar.gz", "APP"),
    "app.tar": ("tar", "app"),
    "app.tbz2": ("tar.bz2", "app"),
    "app.tar.xz": ("tar.xz", "app"),
    "app.zip": ("zip", "app"),
    "values.yaml": (None, "values.yaml"),
    "tgz": (None, "tgz"),
    "app.gz": (None, "app.gz"),
}


@pytest.mark.parametrize(("name", "expected"), KINDS.items())
def test_a_name_tells_the_kind(name: str, expected: tuple[Kind | None, str]) -> None:
    assert (kind_of(name), stem_of(name)) == expected
