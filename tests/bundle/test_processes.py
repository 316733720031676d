"""Whole processes: Ctrl-C, a kill, and the memory that a large archive takes."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ocibroker.bundle.kind import Kind
from tests.bundle.packed import file, packed
from tests.bundle.world import World
from tests.oci.machine import PEAK
from tests.oci.stock import noise
from tests.settled import settled
from tests.transport.raw_server import RawServer, raw

ARCHIVE = packed([file(f"app/{number}", noise(2000, str(number))) for number in range(50)])
PROGRAM = """
import sys
from ocibroker import Broker
from ocibroker.bundle import read_many
folder, *sources = sys.argv[1:]
with Broker.from_config(None) as broker:
    print(*read_many(broker, sources, folder), sep="\\n")
"""


@pytest.fixture
def stalled(tls: ssl.SSLContext) -> Iterator[RawServer]:
    """Sends the first half of an archive and falls silent until the test ends it."""

    def script(connection: socket.socket, server: RawServer) -> None:
        server.read(connection)
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(ARCHIVE)}\r\n\r\n".encode())
        connection.sendall(ARCHIVE[: len(ARCHIVE) // 2])
        server.ended.wait(30)

    with raw(script, tls) as server:
        yield server


@contextmanager
def reading(world: World, *sources: str) -> Iterator[subprocess.Popen[str]]:
    environ = {**os.environ, "HOME": str(world.desk.folder), "SSL_CERT_FILE": str(world.desk.roots)}
    argv = [sys.executable, "-W", "error", "-c", PROGRAM, str(world.folder), *sources]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, env=environ, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def begun(world: World, count: int) -> bool:
    """Whether that many downloads have come as far as they will."""
    found = [path for path in world.folder.rglob("*.tgz") if path.stat().st_size == len(ARCHIVE) // 2]
    return len(found) == count


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
class TestInterrupted:
    @pytest.mark.parametrize("count", [1, 3])
    def test_ctrl_c_ends_it_soon_and_leaves_nothing(self, world: World, stalled: RawServer, count: int) -> None:
        sources = [f"https://localhost:{stalled.port}/{number}.tgz" for number in range(count)]
        with reading(world, *sources) as process:
            assert settled(lambda: begun(world, count))
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=10)
        assert process.returncode != 0
        assert time.monotonic() - began < 4
        assert world.everything == []

    def test_what_a_kill_leaves_has_no_name_and_the_next_run_removes_it(
        self, world: World, stalled: RawServer
    ) -> None:
        with reading(world, f"https://localhost:{stalled.port}/app.tgz") as process:
            assert settled(lambda: begun(world, 1))
            process.kill()
            process.wait(10)
        left = [path.name for path in world.folder.iterdir()]
        assert [name.startswith(".ocibroker-partial-") for name in left] == [True]
        (world.desk.folder / "values.yaml").write_text("a: 1")
        world.read(str(world.desk.folder / "values.yaml"))
        assert world.everything == ["values.yaml"]

    def test_what_another_run_is_making_is_left_alone(self, world: World, stalled: RawServer) -> None:
        with reading(world, f"https://localhost:{stalled.port}/app.tgz"):
            assert settled(lambda: begun(world, 1))
            (world.desk.folder / "values.yaml").write_text("a: 1")
            world.read(str(world.desk.folder / "values.yaml"))
            assert begun(world, 1)


MEASURED = f"""{PEAK}
import sys
from ocibroker import Broker
from ocibroker.bundle import read

folder, small, large = sys.argv[1:]
with Broker.from_config(None) as broker:
    read(broker, small, folder)
    before = peak()
    read(broker, large, folder)
    print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status")
@pytest.mark.parametrize("kind", ["tar.gz", "zip"])
def test_24_megabytes_take_no_16_of_memory(world: World, kind: Kind) -> None:
    large = packed([file(str(number), os.urandom(6_000_000)) for number in range(4)], kind)
    world.charts.files |= {f"/small.{kind}": packed([file("a")], kind), f"/large.{kind}": large}
    environ = {**os.environ, "HOME": str(world.desk.folder), "SSL_CERT_FILE": str(world.desk.roots)}
    sources = [f"https://localhost:{world.charts.server.port}/{name}.{kind}" for name in ("small", "large")]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", MEASURED, str(world.folder), *sources],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) <= 16 * 1024
