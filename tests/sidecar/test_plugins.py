"""Plugins in a process that serves: who is imported, and what one of them cannot do to the others."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ocibroker import Bearer, Credential, Secret
from ocibroker.cache.breaker import PATIENCE
from ocibroker.clock import SystemClock
from ocibroker.errors import ContractViolation, CredentialUnavailable, DeadlineExceeded
from ocibroker.events import BreakerOpened
from ocibroker.provider import FetchRequest
from ocibroker.sidecar.building import Building
from tests.providers.site import Site, provider
from tests.sidecar.stand import HOST, NAME, Stand, prefetching
from tests.transport.brokers import made_rule
from tests.transport.made_provider import MadeProvider, NoOptions, Plugin

NEIGHBOUR = "neighbour.test/app"
BUILD = """
import json
from pathlib import Path
from ocibroker.sidecar.building import Building
with Building(path=Path({config!r}), environ={{}})(1).broker as broker:
    print(json.dumps(str(broker.access("neighbour.example.com").credential)))
"""


def test_a_hostile_plugin_that_is_installed_and_not_named_is_never_imported(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    touched = site.install("hostile", "raise SystemExit(7)", plugin="hostile")
    config = tmp_path / "config.toml"
    config.touch(mode=0o600)
    config.write_text('[[registry]]\nmatch = "neighbour.example.com"\nprovider = "anonymous"\n')
    assert site.run(BUILD.format(config=str(config))) == "Anonymous(reason='a rule says so')"
    assert not touched.exists()


def test_a_named_one_that_cannot_be_imported_is_no_configuration_to_serve(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    site.install("hostile", "raise SystemExit(7)", plugin="hostile")
    config = tmp_path / "config.toml"
    config.touch(mode=0o600)
    config.write_text('[plugins]\nenable = ["hostile"]\n')
    with pytest.raises(AssertionError, match="plugin hostile: cannot be imported: SystemExit"):
        site.run(BUILD.format(config=str(config)))


REBUILD = """
import json
from pathlib import Path
from ocibroker.errors import OcibrokerError
from ocibroker.sidecar.building import Building

config, info = Path({config!r}), Path({info!r})
building, generation, seen = Building(path=config, environ={{}}), None, []
for number, (text, version) in enumerate({steps!r}, 1):
    config.write_text(text)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\\nName: acme-broker\\nVersion: {{version}}\\n")
    (info / "RECORD").write_text(version)
    try:
        generation = building(number, generation)
    except OcibrokerError:
        seen.append("refused")
    else:
        seen.append([one.version for one in generation.installed])
print(json.dumps([seen, generation.installed[0].record]))
"""


def test_what_is_installed_is_told_as_it_was_when_its_module_was_imported(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    site.install("acme-broker", provider("acme"), plugin="acme")
    (config := tmp_path / "config.toml").touch(mode=0o600)
    named = '[plugins]\nenable = ["acme"]\n'
    refused = f'{named}[sidecar]\nadmin_bearer = "none"\n'
    steps = [("", "1"), ("", "2"), (refused, "3"), (named, "4"), ("", "5")]
    info = site.folder / "acme_broker-1.2.dist-info"
    found = site.run(REBUILD.format(config=str(config), info=str(info), steps=steps))
    assert found == [[["1"], ["2"], "refused", ["3"], ["3"]], hashlib.sha256(b"3").hexdigest()]


def test_metadata_of_others_that_cannot_be_read_harm_nobody_who_names_no_plugin(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    (site.describe("hostile") / "entry_points.txt").write_text("[ocibroker]\nno entry point\n")
    config = tmp_path / "config.toml"
    config.touch(mode=0o600)
    config.write_text('[[registry]]\nmatch = "neighbour.example.com"\nprovider = "anonymous"\n')
    assert site.run(BUILD.format(config=str(config))) == "Anonymous(reason='a rule says so')"


RAISED = [
    SystemExit(7),
    KeyboardInterrupt(),
    GeneratorExit(),
    asyncio.CancelledError(),
    MemoryError(),
    RecursionError(),
    StopIteration(),
    BaseException(),
]


@pytest.mark.fault(27)
@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_what_a_plugin_raises_is_a_typed_error_and_its_neighbours_go_on(stand: Stand, error: BaseException) -> None:
    def fetch(_: FetchRequest[NoOptions]) -> Credential:
        raise error

    serve(stand, fetch, ContractViolation)


@pytest.mark.fault(29)
@pytest.mark.parametrize("answer", [None, "text", Bearer, ("alice", "wonder")], ids=str)
def test_what_is_no_credential_is_a_typed_error_and_its_neighbours_go_on(stand: Stand, answer: object) -> None:
    def fetch(_: FetchRequest[NoOptions]) -> Credential:
        return answer  # type: ignore[return-value]  # the violation itself

    serve(stand, fetch, ContractViolation)


def serve(stand: Stand, fetch: Callable[[FetchRequest[NoOptions]], Credential], kind: type[Exception]) -> None:
    """Ask the bad provider and its neighbour in one event loop."""
    stand.write(prefetching(rules=made_rule(HOST) + made_rule("neighbour.test", provider="well")))
    stand.instead = fetch
    with building(stand)(1).broker as broker:

        async def ask() -> None:
            with pytest.raises(kind):
                await broker.access_async(NAME)
            assert (await broker.access_async(NEIGHBOUR)).provider == "well"

        asyncio.run(ask())


def building(stand: Stand) -> Building:
    well = MadeProvider(lambda _: Bearer(secret=Secret("w")), name="well")
    return replace(stand.building, plugins=[Plugin(stand.provider, well)])


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    made = threading.Event()
    yield made
    made.set()


@pytest.mark.fault(28)
def test_a_hung_provider_is_left_alone_and_its_neighbours_go_on(stand: Stand, gate: threading.Event) -> None:
    def hang(_: FetchRequest[NoOptions]) -> Credential:
        gate.wait(30)
        return Bearer(secret=Secret("late"))

    stand.write(prefetching(rules=made_rule(HOST) + made_rule("neighbour.test", provider="well")))
    stand.instead = hang
    with replace(building(stand), clock=SystemClock())(1).broker as broker:

        async def ask() -> None:
            for _ in range(PATIENCE):
                with pytest.raises(DeadlineExceeded):
                    await broker.access_async(NAME, deadline=0.05)
                assert (await broker.access_async(NEIGHBOUR, deadline=5)).provider == "well"
            with pytest.raises(CredentialUnavailable, match="left alone"):
                await broker.access_async(NAME)

        asyncio.run(ask())
    assert len(stand.told(BreakerOpened)) == 1


HUNG = """
import asyncio, sys, threading, time
from pathlib import Path
sys.path.insert(0, {root!r})
from ocibroker.clock import SystemClock
from ocibroker.events import Report
from ocibroker.sidecar.building import Building
from ocibroker.sidecar.prefetch import Prefetch
from ocibroker.sidecar.succession import Succession
from tests.transport.made_provider import MadeProvider, Plugin

begun = threading.Event()

def hang(_):
    begun.set()
    threading.Event().wait()

async def serve():
    building = Building(path=Path({config!r}), environ={{}}, plugins=[Plugin(MadeProvider(hang))])
    succession = Succession(building(1), building, clock=SystemClock(), report=Report())
    prefetch = Prefetch(succession, draw=lambda low, high: low)
    with succession.lease() as generation:
        prefetch.follow(generation)
    while not begun.is_set():
        await asyncio.sleep(0.01)
    began = time.monotonic()
    prefetch.stop()
    await succession.close(0.2)
    return began

began = asyncio.run(serve())
print(time.monotonic() - began, file=sys.stderr)
"""


@pytest.mark.fault(23)
def test_a_hung_provider_does_not_hold_up_the_end(stand: Stand) -> None:
    program = HUNG.format(root=str(Path(__file__).parents[2]), config=str(stand.path))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30, cwd="/"
    )
    assert float(done.stderr) < 2
