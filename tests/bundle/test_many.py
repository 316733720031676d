"""Many sources at once: each fails for itself, and all are stopped together."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocibroker import Broker
from ocibroker.bundle import Bundle, Limits, LocalSource, Source, Terms, Wanted, read_many
from ocibroker.errors import (
    ConnectionFailed,
    CredentialWithheld,
    DeadlineExceeded,
    IntegrityError,
    InvalidTarget,
    NotFound,
    OcibrokerError,
    RedirectRefused,
    RegistryRefused,
    TLSFailed,
    UsageError,
    WrongScheme,
)
from ocibroker.oci import Halt
from ocibroker.testing import EmbeddedRegistry
from tests.bundle.packed import ALL, file, packed
from tests.bundle.test_registries import chart
from tests.bundle.world import CHARTS, World
from tests.free_port import free_port
from tests.oci.recorded import Recorded
from tests.oci.stock import Blob, artifact
from tests.settled import settled
from tests.transport.brokers import rule
from tests.transport.raw_server import RawServer, raw

U = f"https://{CHARTS}"


@pytest.fixture
def registry(tls: ssl.SSLContext, world: World) -> Iterator[EmbeddedRegistry]:
    with EmbeddedRegistry(tls=tls, users={"alice": world.password}) as running:
        yield running


@pytest.fixture
def silence(tls: ssl.SSLContext) -> Iterator[RawServer]:
    """Sends the beginning of a file and falls silent."""

    def script(connection: socket.socket, server: RawServer) -> None:
        server.read(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbeginning")
        server.ended.wait(30)

    with raw(script, tls) as server:
        yield server


def good(world: World, registry: EmbeddedRegistry) -> list[str]:
    """Forty sources of every kind, each with a name of its own."""
    sources: list[str] = []
    for number in range(10):
        for repository, stocked in (
            (f"charts/app{number}", chart(content=packed([file(f"app{number}/Chart.yaml")]))),
            (f"files/file{number}", artifact(Blob(str(number).encode(), "one.txt"))),
        ):
            registry.push(repository, "1.0.0", stocked.manifest, stocked.media_type, stocked.blobs)
            sources.append(f"oci://{registry.address}/{repository}:1.0.0")
        kind = ALL[number % len(ALL)]
        world.charts.files[f"/private/archive{number}.{kind}"] = packed([file("a"), file("b/c")], kind)
        sources.append(f"{U}/private/archive{number}.{kind}")
        folder = world.desk.folder / f"folder{number}"
        folder.mkdir()
        (folder / "values.yaml").write_text("a: 1")
        sources.append(str(folder))
    world.charts.guarded["/private"] = ("alice", world.password)
    return sources


def bad(world: World, registry: EmbeddedRegistry, broken: int) -> dict[str, type[OcibrokerError]]:
    """Ten sources that fail in ten ways."""
    world.charts.files |= {
        "/other.tgz": packed([file("a")]),
        "/attack.tgz": packed([file("../../attack")]),
        "/page.tgz": b"<html>",
    }
    world.charts.guarded["/elsewhere"] = ("bob", "another")
    world.charts.redirect("/down.tgz", f"http://{CHARTS}/down.tgz")
    world.spy.guarded["/"] = ("alice", "x")
    return {
        f"oci://{registry.address}/charts/app0:9.9.9": NotFound,
        f"{U}/other.tgz?checksum={hashlib.sha256(b'').hexdigest()}": IntegrityError,
        f"{U}/attack.tgz": IntegrityError,
        f"{U}/elsewhere/x.tgz": RegistryRefused,
        "https://evil.test/x.tgz": CredentialWithheld,
        f"{U}/down.tgz": RedirectRefused,
        f"http://{CHARTS}/x.tgz": WrongScheme,
        f"https://localhost:{broken}/x.tgz": ConnectionFailed,
        "https://alice:wonder@charts.test/x.tgz": InvalidTarget,
        str(world.desk.folder / "missing"): UsageError,
    }


@pytest.mark.acceptance(20, 21, 22, 24, 27)
def test_of_fifty_ten_fail_in_ten_ways_and_forty_are_there(world: World, registry: EmbeddedRegistry) -> None:
    closed = free_port()
    fine, failing = good(world, registry), bad(world, registry, closed)
    sources = [one for pair in zip(fine, [*failing, *[""] * 30], strict=True) for one in pair if one]
    broker = broker_for(world, registry, closed)
    before = set(threading.enumerate())
    outcomes = dict(zip(sources, read_many(broker, sources, world.folder), strict=True))
    assert (len(outcomes), len(fine), len(failing)) == (50, 40, 10)
    assert all(isinstance(outcomes[one], Bundle) for one in fine)
    for source, kind in failing.items():
        error = outcomes[source]
        assert type(error) is kind
        assert isinstance(error, OcibrokerError)
        assert error.culprit
        assert error.hint or isinstance(error, RedirectRefused | ConnectionFailed)
        assert error.__traceback__ is None
    bundles = [one for one in outcomes.values() if isinstance(one, Bundle)]
    assert all(path.is_file() for bundle in bundles for path in bundle.paths)
    assert {path.name for path in world.folder.iterdir()} == {bundle.root.name for bundle in bundles}
    broker.close()  # it keeps connections, and the servers' threads wait for more on them
    assert settled(lambda: set(threading.enumerate()) <= before), threading.enumerate()
    assert world.spy.hits(world.canary) == world.plain.paths == []
    assert not any(world.canary.hits(str(one)) for one in outcomes.values())
    assert "wonder" not in str(list(outcomes.values()))


def broker_for(world: World, registry: EmbeddedRegistry, closed: int) -> Broker:
    def route(host: str, port: int) -> tuple[str, int]:
        return ("127.0.0.1", port) if host == "localhost" else world.route(host, port)

    rules = [rule(CHARTS, password=world.password), rule(registry.address, password=world.password)]
    return world.desk.broker("\n".join(rules), route=route)


def test_one_that_a_host_does_not_prove_itself_for_stops_nobody(world: World) -> None:
    world.charts.files["/a.txt"] = b"a"
    failed, bundle = read_many(world.broker(), ["https://unknown.test/b.txt", f"{U}/a.txt"], world.folder)
    assert isinstance(failed, TLSFailed)
    assert isinstance(bundle, Bundle)


def test_what_is_wanted_twice_is_read_once(world: World) -> None:
    world.charts.files["/a.txt"] = b"a"
    one, other = read_many(world.broker(), [f"{U}/a.txt"] * 2, world.folder)
    assert one == other
    assert isinstance(one, Bundle)
    assert world.charts.paths == ["/a.txt"]


def test_two_of_one_name_do_not_replace_each_other(world: World) -> None:
    world.charts.files |= {"/a/x.txt": b"a", "/b/x.txt": b"b"}
    outcomes = read_many(world.broker(), [f"{U}/a/x.txt", f"{U}/b/x.txt"], world.folder)
    (failed,) = (one for one in outcomes if isinstance(one, UsageError))
    assert failed.message == f"would replace what this run writes to {world.folder / 'x.txt'}"
    (bundle,) = (one for one in outcomes if isinstance(one, Bundle))
    assert bundle.root.read_bytes() == str(bundle.source).split("/")[3].encode()


def test_each_may_have_a_folder_of_its_own(world: World) -> None:
    world.charts.files |= {"/a/x.txt": b"a", "/b/x.txt": b"b"}
    outcomes = read_many(world.broker(), [Wanted(f"{U}/{one}/x.txt", f"{one}/deep") for one in "ab"], world.folder)
    assert [one.root for one in outcomes if isinstance(one, Bundle)] == [
        world.folder / "a" / "deep" / "x.txt",
        world.folder / "b" / "deep" / "x.txt",
    ]


def test_nothing_is_an_empty_list(world: World) -> None:
    assert read_many(world.broker(), [], world.folder) == ()


def test_what_nobody_foresaw_stops_nobody(world: World) -> None:
    class Raising(Recorded):
        def begin(self, name: str, size: int) -> None:
            if name.endswith("b.txt"):
                raise ZeroDivisionError
            super().begin(name, size)

    world.charts.files |= {"/a.txt": b"a", "/b.txt": b"b"}
    bundle, failed = read_many(
        world.broker(), [f"{U}/a.txt", f"{U}/b.txt"], world.folder, Terms(progress=Raising())
    )
    assert isinstance(bundle, Bundle)
    assert str(failed) == f"'{U}/b.txt': failed in a way that nobody foresaw: ZeroDivisionError (please report it)"


def test_a_deadline_is_for_each(world: World, silence: RawServer) -> None:
    world.charts.files["/a.txt"] = b"a"
    sources = [f"https://localhost:{silence.port}/b.txt", f"{U}/a.txt"]

    def route(host: str, port: int) -> tuple[str, int]:
        return ("127.0.0.1", port) if host == "localhost" else world.route(host, port)

    broker = world.desk.broker(route=route)
    failed, bundle = read_many(broker, sources, world.folder, Terms(limits=Limits(seconds=1)))
    assert isinstance(failed, DeadlineExceeded)
    assert isinstance(bundle, Bundle)


def test_a_deadline_names_the_source_of_one_too(world: World) -> None:
    with pytest.raises(DeadlineExceeded) as raised:
        world.read(f"{U}/a.txt", terms=Terms(limits=Limits(seconds=0)))
    assert f"{U}/a.txt" in raised.value.culprit


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_process_ends_all_of_them_and_leaves_nothing(
    world: World, error: type[BaseException]
) -> None:
    class Raising(Recorded):
        def begin(self, name: str, size: int) -> None:
            raise error

    world.charts.files |= {f"/{one}.txt": b"x" for one in "abcdefgh"}
    with pytest.raises(error):
        read_many(world.broker(), [f"{U}/{one}.txt" for one in "abcdefgh"], world.folder, Terms(progress=Raising()))
    assert world.everything == []
    assert [one for one in threading.enumerate() if one.name == "ocibroker-pull"] == []


def test_a_halt_stops_all_of_them(world: World) -> None:
    halt = Halt()

    class Stopping(Recorded):
        def begin(self, name: str, size: int) -> None:
            super().begin(name, size)
            halt.now()

    world.charts.files |= {f"/{one}.txt": b"x" for one in "abcdefgh"}
    sources = [f"{U}/{one}.txt" for one in "abcdefgh"]
    outcomes = read_many(world.broker(), sources, world.folder, Terms(progress=Stopping(), halt=halt))
    assert {str(one).partition(": ")[2] for one in outcomes} == {"was stopped before it was complete"}
    assert world.everything == []


def test_sources_may_be_values(world: World, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    sources: list[Source | str] = [LocalSource(tmp_path / "x")]
    (bundle,) = read_many(world.broker(), sources, world.folder)
    assert isinstance(bundle, Bundle)
