"""Whole processes: a disk that is full, Ctrl-C, a kill, two at once, and the memory that one takes."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ocibroker.errors import NotFound
from ocibroker.oci import pull_async
from ocibroker.testing import Authority, EmbeddedRegistry
from tests.oci.machine import PEAK, Machine
from tests.oci.shop import REPOSITORY, Shop
from tests.oci.stock import Blob, artifact, image, noise
from tests.transport.brokers import Desk, rule
from tests.transport.raw_server import RawServer, raw

ONE, TWO = Blob(noise(300_000, "one"), "one"), Blob(noise(200_000, "two"), "two")
FILES = {"one": ONE.content, "two": TWO.content}
SHOWN = 1000
"""Bytes of a blob after which a silent server falls silent."""


@pytest.fixture
def tls(authority: Authority) -> ssl.SSLContext:
    return authority.server_context("localhost")


@pytest.fixture
def shop(tls: ssl.SSLContext, tmp_path: Path, roots: Path) -> Iterator[Shop]:
    (tmp_path / "home").mkdir()
    desk = Desk(tmp_path / "home", roots)
    with EmbeddedRegistry(tls=tls, users={"alice": "wonder"}) as registry:
        yield Shop(registry, desk.broker(rule(registry.address)), desk, tmp_path / "out")
    desk.close()


@pytest.fixture
def machine(shop: Shop) -> Machine:
    return Machine(shop)


@pytest.fixture(params=[(ONE,), (ONE, TWO)], ids=["one blob", "two blobs"])
def blobs(request: pytest.FixtureRequest) -> tuple[Blob, ...]:
    found: tuple[Blob, ...] = request.param
    return found


@pytest.fixture
def reference(shop: Shop, blobs: tuple[Blob, ...]) -> str:
    return shop.push(artifact(*blobs))


@pytest.fixture
def begun(blobs: tuple[Blob, ...]) -> list[int]:
    """What has grown when the server has fallen silent."""
    return [SHOWN] * len(blobs)


@pytest.fixture
def silence(shop: Shop, tls: ssl.SSLContext) -> Iterator[RawServer]:
    """Until the test is over, blobs come from a server that sends their beginnings and falls silent."""

    def script(connection: socket.socket, server: RawServer) -> None:
        name = re.findall(rb"/(sha256:\w+)", server.read(connection))[0].decode()
        body = next(blob.content for blob in (ONE, TWO) if blob.digest == name)
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        connection.sendall(head + body[:SHOWN])
        server.ended.wait(30)

    with raw(script, tls) as server:
        shop.registry.redirects[f"/v2/{REPOSITORY}/blobs"] = f"https://localhost:{server.port}"
        yield server
    shop.registry.redirects.clear()


def completes(shop: Shop, reference: str) -> bool:
    """Whether the next run does, from a registry that is well again."""
    shop.registry.redirects.clear()
    names = [path.name for path in shop.pull(reference).files]
    return shop.everything == {name: FILES[name] for name in names}


FULL = """
import resource, sys
from ocibroker import Broker
from ocibroker.errors import WriteFailed
from ocibroker.oci import pull
config, reference, folder, limit = sys.argv[1:]
with Broker.from_config(config) as broker:
    broker.access(reference.rpartition(":")[0])
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), resource.RLIM_INFINITY))
    try:
        pull(broker, reference, folder)
    except WriteFailed as error:
        sys.exit(str(error))
    finally:  # what measures this process has room to write it down
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs RLIMIT_FSIZE")
@pytest.mark.parametrize("limit", [0, 1, 150_000, 299_999])
def test_a_full_disk_leaves_nothing_and_the_next_run_completes(
    shop: Shop, machine: Machine, reference: str, limit: int
) -> None:
    done = machine.run(FULL, reference, str(shop.folder), str(limit))
    assert (done.returncode, "cannot be written: File too large" in done.stderr) == (1, True)
    assert shop.everything == {}
    assert completes(shop, reference)


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
class TestInterrupted:
    def test_ctrl_c_ends_it_soon_and_leaves_nothing(
        self, shop: Shop, machine: Machine, reference: str, begun: list[int], silence: RawServer
    ) -> None:
        with machine.pulling(reference) as process:
            machine.await_partials(*begun)
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            stdout, stderr = process.communicate(timeout=10)
            took = time.monotonic() - began
        assert (process.returncode, stdout, "Traceback" in stderr) == (130, "", False)
        assert took < 3
        assert shop.everything == {}
        assert completes(shop, reference)

    def test_ctrl_c_ends_several_too(self, shop: Shop, machine: Machine, silence: RawServer) -> None:
        references = [shop.push(artifact(ONE), "1"), shop.push(artifact(TWO), "2")]
        with machine.pulling(*references) as process:
            machine.await_partials(SHOWN, SHOWN)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=10)
        assert (process.returncode, shop.everything) == (130, {})

    def test_a_kill_leaves_what_the_next_run_goes_on_with(
        self, shop: Shop, machine: Machine, reference: str, begun: list[int], silence: RawServer
    ) -> None:
        with machine.pulling(reference) as process:
            machine.await_partials(*begun)
            process.kill()
        assert shop.files == {}
        shop.registry.requests.take()
        assert completes(shop, reference)
        assert f"bytes={SHOWN}-" in shop.ranges(ONE.content)

    @pytest.mark.parametrize("left", [[], ["index.json"], ["index.json", "oci-layout"]])
    def test_a_layout_that_was_killed_before_its_index_is_completed(self, shop: Shop, left: list[str]) -> None:
        reference = shop.push(image(ONE.content))
        shop.pull(reference)
        whole = shop.everything
        for name in left:
            (shop.folder / "app" / name).unlink()
        shop.pull(reference)
        assert shop.everything == whole


def test_two_processes_for_one_folder_both_succeed(shop: Shop, machine: Machine, reference: str) -> None:
    shop.registry.cuts[:] = [50_000] * 6
    with machine.pulling(reference) as one, machine.pulling(reference) as other:
        told = [process.communicate(timeout=30) for process in (one, other)]
    assert ([one.returncode, other.returncode], told[0][0]) == ([0, 0], told[1][0])
    assert shop.everything.items() <= FILES.items()


MEASURED = f"""{PEAK}
import sys
from ocibroker import Broker
from ocibroker.oci import pull

config, folder, small, large = sys.argv[1:]
with Broker.from_config(config) as broker:
    pull(broker, small, folder)
    before = peak()
    pull(broker, large, folder)
    print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status")
@pytest.mark.parametrize("layers", [1, 4])
def test_100_megabytes_take_no_16_of_memory(shop: Shop, machine: Machine, layers: int) -> None:
    body = noise(100_000) * (1000 // layers)
    blobs = [Blob(body + str(number).encode(), f"file-{number}") for number in range(layers)]
    small, large = shop.push(artifact(Blob(b"small", "small")), "small"), shop.push(artifact(*blobs), "large")
    done = machine.run(MEASURED, str(shop.folder), small, large)
    assert (done.returncode, done.stderr) == (0, "")
    assert sum((shop.folder / f"file-{number}").stat().st_size for number in range(layers)) >= 100_000_000
    assert int(done.stdout) <= 16 * 1024


class TestAsynchronous:
    def test_it_gives_the_same(self, shop: Shop, reference: str) -> None:
        shop.registry.cuts[:] = [1000]
        pulled = asyncio.run(pull_async(shop.broker, reference, shop.folder))
        assert pulled == shop.pull(reference)
        assert shop.everything.items() <= FILES.items()

    def test_what_fails_raises_the_same(self, shop: Shop) -> None:
        with pytest.raises(NotFound):
            asyncio.run(pull_async(shop.broker, f"{shop.registry.address}/team/app:9", shop.folder))

    def test_the_loop_is_never_blocked(self, shop: Shop, reference: str, silence: RawServer) -> None:
        async def meanwhile() -> float:
            task = asyncio.create_task(pull_async(shop.broker, reference, shop.folder))
            longest, last = 0.0, time.monotonic()
            while not shop.partials:
                await asyncio.sleep(0)
                longest, last = max(longest, time.monotonic() - last), time.monotonic()
            task.cancel()
            await asyncio.wait({task})
            assert task.cancelled()
            return longest

        assert asyncio.run(meanwhile()) < 1  # the server is silent for much longer

    def test_cancelling_stops_it_and_nothing_is_written_afterwards(
        self, shop: Shop, machine: Machine, reference: str, begun: list[int], silence: RawServer
    ) -> None:
        async def cancelled() -> None:
            task = asyncio.create_task(pull_async(shop.broker, reference, shop.folder))
            await asyncio.to_thread(machine.await_partials, *begun)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(cancelled())
        silence.close()  # whoever still waited for it goes on now
        for thread in [one for one in threading.enumerate() if one.name == "ocibroker-pull"]:
            thread.join(10)
        assert shop.everything == {}
        assert completes(shop, reference)

    def test_several_at_once_share_a_broker(self, shop: Shop) -> None:
        references = [shop.push(artifact(Blob(noise(100, tag), tag)), tag) for tag in "abcdefgh"]

        async def everything() -> None:
            await asyncio.gather(*(pull_async(shop.broker, one, shop.folder) for one in references))

        asyncio.run(everything())
        assert set(shop.everything) == set("abcdefgh")


def test_a_broker_serves_many_threads(shop: Shop) -> None:
    references = [shop.push(artifact(Blob(noise(1000, tag), tag)), tag) for tag in "abcdefgh"]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(shop.pull, references))
    assert set(shop.everything) == set("abcdefgh")
