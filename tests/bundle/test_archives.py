"""Archives and files by HTTP: fetched, checked, unpacked, and there as a whole or not at all."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ocibroker.bundle import ArchiveSource, Bundle, Limits, Link, Source, Terms, read
from ocibroker.bundle.kind import Kind
from ocibroker.errors import (
    ConnectionFailed,
    DeadlineExceeded,
    IntegrityError,
    NotFound,
    OcibrokerError,
    UsageError,
    WriteFailed,
)
from ocibroker.oci import Halt
from ocibroker.testing import CannedResponse
from tests.bundle.packed import ALL, file, link, packed
from tests.bundle.world import CHARTS, World
from tests.oci.recorded import Recorded
from tests.oci.stock import noise
from tests.transport.brokers import Desk, rule
from tests.transport.raw_server import RawServer, raw

ITEMS = [file("app/Chart.yaml", b"name: app"), file("app/templates/x.yaml", b"kind: X"), file("README")]
APP = packed(ITEMS)
URL = f"https://{CHARTS}/app-1.0.0.tgz"
SUM = hashlib.sha256(APP).hexdigest()


@pytest.fixture
def stocked(world: World) -> World:
    world.charts.files["/app-1.0.0.tgz"] = APP
    return world


class TestWhatIsRead:
    def test_an_archive_is_a_folder_of_its_name(self, stocked: World) -> None:
        bundle = stocked.read(URL)
        assert bundle.root == stocked.folder / "app-1.0.0"
        assert bundle.files == ("README", "app/Chart.yaml", "app/templates/x.yaml")
        assert bundle.paths == tuple(bundle.root / name for name in bundle.files)
        assert (bundle.root / "app" / "Chart.yaml").read_bytes() == b"name: app"
        assert (bundle.resolved, bundle.chart) == (f"{URL} (sha256:{SUM})", None)

    @pytest.mark.parametrize("kind", ALL)
    def test_of_every_kind(self, world: World, kind: Kind) -> None:
        world.charts.files[f"/app.{kind}"] = packed(ITEMS, kind)
        assert world.read(f"https://{CHARTS}/app.{kind}").files == (
            "README",
            "app/Chart.yaml",
            "app/templates/x.yaml",
        )

    def test_of_the_kind_that_is_said(self, world: World) -> None:
        world.charts.files["/download"] = packed(ITEMS, "zip")
        assert len(world.read(f"https://{CHARTS}/download?archive=zip").files) == 3

    def test_what_is_compressed_once_more_on_its_way_is_as_it_is_stored(self, world: World) -> None:
        world.charts.answers["/app-1.0.0.tgz"] = CannedResponse(200, {"Content-Encoding": "gzip"}, APP)
        assert len(world.read(f"{URL}?checksum={SUM}").files) == 3

    def test_a_folder_in_it_is_wanted(self, stocked: World) -> None:
        bundle = stocked.read(f"{URL}//app/templates")
        assert (bundle.root, bundle.files) == (stocked.folder / "templates", ("x.yaml",))
        assert stocked.everything == ["templates", "templates/x.yaml"]

    @pytest.mark.parametrize("name", ["unpacked", "fetched", "unpacked.tgz"])
    def test_its_name_is_its_own_affair(self, world: World, name: str) -> None:
        world.charts.files[f"/{name}"] = APP
        bundle = world.read(f"https://{CHARTS}/{name}?archive=tgz")
        assert (bundle.root, len(bundle.files)) == (world.folder / name.removesuffix(".tgz"), 3)

    def test_or_a_file_in_it(self, stocked: World) -> None:
        bundle = stocked.read(f"{URL}//app/Chart.yaml")
        assert (bundle.files, bundle.paths) == ((), (stocked.folder / "Chart.yaml",))

    def test_a_file_stays_what_it_is(self, world: World) -> None:
        world.charts.files["/values.yaml"] = b"a: 1"
        bundle = world.read(f"https://{CHARTS}/values.yaml")
        assert (bundle.root, bundle.files, bundle.paths) == (world.folder / "values.yaml", (), (bundle.root,))
        assert bundle.root.read_bytes() == b"a: 1"

    def test_so_does_an_archive_if_that_is_said(self, stocked: World) -> None:
        assert stocked.read(f"{URL}?archive=false").root.read_bytes() == APP

    @pytest.mark.acceptance(22)
    @pytest.mark.parametrize("path", ["my%20apps/app-1.0.0%2Bbuild.tgz", "my%20apps/app-1.0.0%2bbuild.tgz"])
    def test_harmless_escapes_are_sent_as_they_are_written(self, world: World, path: str) -> None:
        world.charts.files[f"/team/{path}"] = APP
        world.charts.guarded["/team"] = ("alice", world.password)
        bundle = world.read(
            f"https://{CHARTS}/team/{path}", world.broker(rule(f"{CHARTS}/team", password=world.password))
        )
        assert (bundle.root.name, len(bundle.files)) == ("app-1.0.0+build", 3)
        assert set(world.charts.paths) == {f"/team/{path}"}

    @pytest.mark.acceptance(22)
    def test_a_rule_is_for_what_an_escape_stands_for(self, world: World) -> None:
        world.charts.guarded["/"] = ("alice", world.password)
        world.charts.files["/te%61m/app.tgz"] = APP
        broker = world.broker(rule(f"{CHARTS}/team", password=world.password))
        assert world.read(f"https://{CHARTS}/te%61m/app.tgz", broker).files

    def test_a_query_goes_along(self, stocked: World) -> None:
        stocked.read(f"{URL}?sig=a%2Fb&archive=tgz&x=1")
        assert [request.query_string for request in stocked.charts.server.requests] == ["sig=a%2Fb&x=1"]


class TestChecksums:
    @pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
    def test_the_right_one_is_nothing_to_speak_of(self, stocked: World, algorithm: str) -> None:
        assert stocked.read(f"{URL}?checksum={algorithm}:{hashlib.new(algorithm, APP).hexdigest()}").files

    @pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
    def test_another_is_an_error_before_anything_is_unpacked(self, stocked: World, algorithm: str) -> None:
        other = hashlib.new(algorithm, b"other").hexdigest()
        with pytest.raises(IntegrityError) as raised:
            stocked.read(f"{URL}?checksum={algorithm}:{other}")
        assert str(raised.value) == f"{URL}: is not what its checksum says (see who has changed it)"
        assert stocked.everything == []


def broken(world: World) -> str:
    world.charts.files["/broken.tgz"] = APP[:-20]
    return f"https://{CHARTS}/broken.tgz"


def page(world: World) -> str:
    world.charts.files["/page.tgz"] = b"<html>please log in</html>"
    return f"https://{CHARTS}/page.tgz"


def attack(world: World) -> str:
    world.charts.files["/attack.tgz"] = packed([file("../attack")])
    return f"https://{CHARTS}/attack.tgz"


def link_out_of_the_subdir(world: World) -> str:
    world.charts.files["/links.tgz"] = packed([file("secret"), link("app/x", "../secret")])
    return f"https://{CHARTS}/links.tgz//app"


def through_a_link(world: World) -> str:
    world.charts.files["/links.tgz"] = packed([file("a/b/x"), link("app", "a")])
    return f"https://{CHARTS}/links.tgz//app/b"


FAILING: list[tuple[Callable[[World], str], type[OcibrokerError], str]] = [
    (lambda _: f"https://{CHARTS}/missing.tgz", NotFound, "missing.tgz: is not known to charts.test"),
    (lambda _: f"https://{CHARTS}/values.yaml//a", UsageError, "by its name it is no archive"),
    (lambda _: f"https://{CHARTS}/", UsageError, "names no file"),
    (lambda _: f"https://{CHARTS}/.ocibroker-partial", IntegrityError, "is kept for what is not complete"),
    (lambda _: f"{URL}//missing", NotFound, "has no 'missing' that is a folder or a file"),
    (broken, IntegrityError, "broken.tgz: is no complete tar.gz archive"),
    (page, IntegrityError, "page.tgz: is no complete tar.gz archive"),
    (attack, IntegrityError, "attack.tgz: holds '../attack', which leads out of it"),
    (link_out_of_the_subdir, IntegrityError, "holds 'x', which is a link that leads out of it"),
    (through_a_link, NotFound, "has no 'app/b' that is"),
]


@pytest.mark.parametrize(("source", "kind", "why"), FAILING, ids=[one[2] for one in FAILING])
def test_what_fails_is_an_error_of_ours_and_leaves_nothing(
    stocked: World, source: Callable[[World], str], kind: type[OcibrokerError], why: str
) -> None:
    with pytest.raises(kind) as raised:
        stocked.read(source(stocked))
    assert why in str(raised.value)
    assert raised.value.culprit
    assert stocked.everything == []


class TestPlaces:
    def test_a_folder_that_is_there_is_left_alone(self, stocked: World) -> None:
        mine = stocked.folder / "app-1.0.0" / "mine"
        mine.parent.mkdir(parents=True)
        mine.touch()
        with pytest.raises(WriteFailed, match="is there already"):
            stocked.read(URL)
        assert stocked.everything == ["app-1.0.0", "app-1.0.0/mine"]

    @pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("/etc/passwd")])
    def test_so_is_what_is_no_file_where_a_file_is_to_be(
        self, world: World, make: Callable[[Path], object]
    ) -> None:
        world.charts.files["/values.yaml"] = b"a: 1"
        world.folder.mkdir()
        make(world.folder / "values.yaml")
        with pytest.raises(WriteFailed, match="is there already"):
            world.read(f"https://{CHARTS}/values.yaml")

    def test_a_file_is_replaced(self, world: World) -> None:
        world.charts.files["/values.yaml"] = b"a: 1"
        world.read(f"https://{CHARTS}/values.yaml")
        world.charts.files["/values.yaml"] = b"b: 2"
        assert world.read(f"https://{CHARTS}/values.yaml").root.read_bytes() == b"b: 2"

    def test_what_cannot_be_written_says_so(self, stocked: World) -> None:
        stocked.folder.write_text("a file")
        with pytest.raises(WriteFailed, match="cannot be written"):
            stocked.read(URL)


class TestLimits:
    @pytest.mark.parametrize("said", [True, False])
    def test_more_than_may_be_fetched_is_refused(self, world: World, *, said: bool) -> None:
        headers = {} if said else {"Transfer-Encoding": "chunked"}
        body = noise(3000) if said else b"bb8\r\n" + noise(3000) + b"\r\n0\r\n\r\n"
        world.charts.answers["/x"] = CannedResponse(200, headers, body)
        with pytest.raises(IntegrityError, match="is longer than 2000 bytes"):
            world.read(f"https://{CHARTS}/x", terms=Terms(limits=Limits(fetched=2000)))
        assert world.everything == []

    def test_more_than_may_be_unpacked_is_refused(self, stocked: World) -> None:
        with pytest.raises(IntegrityError, match="would become more than 100 bytes"):
            stocked.read(URL, terms=Terms(limits=Limits(unpacked=100)))
        assert stocked.everything == []

    def test_a_halt_ends_it(self, stocked: World) -> None:
        halt = Halt()
        halt.now()
        with pytest.raises(OcibrokerError, match="was stopped before it was complete"):
            stocked.read(URL, terms=Terms(halt=halt))
        assert (stocked.charts.paths, stocked.everything) == ([], [])


def test_progress_is_told(stocked: World) -> None:
    progress = Recorded()
    stocked.read(URL, terms=Terms(progress=progress))
    assert (progress.counts, progress.ended) == ({URL: len(APP)}, [URL])


LONG = noise(300_000)
NAME = "long.bin"


def serve(
    desk: Desk, tls: ssl.SSLContext, folder: Path, script: Callable[[socket.socket, RawServer], None], terms: Terms
) -> Bundle:
    with raw(script, tls) as server:
        source: Source = ArchiveSource(Link.parse(f"https://localhost:{server.port}/{NAME}"))
        return read(desk.broker(), source, folder, terms)


@pytest.mark.parametrize("etag", ['"one"', ""])
def test_a_broken_connection_is_taken_up(desk: Desk, tls: ssl.SSLContext, tmp_path: Path, etag: str) -> None:
    asked: list[tuple[int, str]] = []

    def script(connection: socket.socket, server: RawServer) -> None:
        head = server.read(connection).decode()
        found = re.search(r"range: bytes=(\d+)-", head, re.IGNORECASE)
        start = int(found[1]) if found else 0
        asked.append((start, 'if-range: "one"' * ("if-range" in head.lower())))
        status = f"206 Partial\r\nContent-Range: bytes {start}-{len(LONG) - 1}/{len(LONG)}" if start else "200 OK"
        tag = f"ETag: {etag}\r\n" if etag else ""
        connection.sendall(f"HTTP/1.1 {status}\r\n{tag}Content-Length: {len(LONG) - start}\r\n\r\n".encode())
        connection.sendall(LONG[start:][: 100_000 if len(asked) < 3 else None])

    bundle = serve(desk, tls, tmp_path / "out", script, Terms())
    assert bundle.root.read_bytes() == LONG
    assert len(asked) == 3
    assert [bool(start) for start, _ in asked] == [False, bool(etag), bool(etag)]
    assert [bool(condition) for _, condition in asked] == [False, bool(etag), bool(etag)]


def test_a_file_that_has_changed_meanwhile_is_fetched_anew(desk: Desk, tls: ssl.SSLContext, tmp_path: Path) -> None:
    answers = iter([(b'"one"', noise(200, "one"), 100), (b'"two"', noise(300, "two"), 300)])

    def script(connection: socket.socket, server: RawServer) -> None:
        server.read(connection)
        etag, body, count = next(answers)
        length = str(len(body)).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nETag: " + etag + b"\r\nContent-Length: " + length + b"\r\n\r\n")
        connection.sendall(body[:count])

    assert serve(desk, tls, tmp_path / "out", script, Terms()).root.read_bytes() == noise(300, "two")


def test_one_that_breaks_again_and_again_is_given_up(desk: Desk, tls: ssl.SSLContext, tmp_path: Path) -> None:
    def script(connection: socket.socket, server: RawServer) -> None:
        server.read(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes!")

    with pytest.raises(ConnectionFailed):
        serve(desk, tls, tmp_path / "out", script, Terms())
    assert list((tmp_path / "out").iterdir()) == []


def test_the_deadline_is_for_all_of_it(desk: Desk, tls: ssl.SSLContext, tmp_path: Path) -> None:
    def script(connection: socket.socket, server: RawServer) -> None:
        server.read(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not server.ended.wait(0.05):
            connection.sendall(b"drop")

    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        serve(desk, tls, tmp_path / "out", script, Terms(limits=Limits(seconds=1)))
    assert time.monotonic() - began < 5
    assert list((tmp_path / "out").iterdir()) == []
