"""The grid: every way to hand over a transport, to configure trust and to have a credential, against real servers.

Each cell ends in an access with an explicit transport, or in a typed error that names the culprit.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from ocibroker import Broker, CallerTransport, OcibrokerError
from ocibroker.testing import EmbeddedRegistry
from ocibroker.transport import PairedTransport
from tests.grid.cell import Cell, cells
from tests.grid.servers import CHART, PASSWORD, REPOSITORY, USER, Servers, servers


@pytest.fixture(scope="module")
def world() -> Iterator[Servers]:
    with servers() as found:
        yield found


@pytest.fixture(scope="module")
def folder(world: Servers, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("authorities")
    good, other = world.private.pem.strip(), world.system.pem.strip()
    (folder / "system.pem").write_text(world.system.pem)
    (folder / "good.pem").write_text(world.private.pem)
    (folder / "empty.pem").write_bytes(b"")
    (folder / "garbage.pem").write_text("this is no certificate\n")
    (folder / "der.pem").write_bytes(ssl.PEM_cert_to_DER_cert(world.private.pem))
    (folder / "joined.pem").write_text(other + good)
    (folder / "wrong.pem").write_text(world.stranger.pem)
    (folder / "password").write_text(PASSWORD)
    return folder


def configuration(cell: Cell, registry: EmbeddedRegistry, folder: Path, path: Path) -> Path:
    tls = [f'ca = ["{folder / cell.ca}.pem"]'] if cell.ca != "none" else []
    tls += [f"{key} = true" for key, on in (("insecure", cell.insecure), ("plain_http", cell.plain)) if on]
    lines = ["[[tls]]", f'match = "{registry.address}"', *tls] if tls else []
    if cell.auth != "none":
        secret = f'{{ username = "{USER}", password = {{ file = "{folder}/password" }} }}'
        lines += ["[[registry]]", f'match = "{registry.address}"', 'provider = "basic"', f"options = {secret}"]
    path.write_text("\n".join(lines))
    return path


@pytest.fixture
def callers_own(folder: Path) -> Iterator[httpx.HTTPTransport]:
    context = ssl.create_default_context(cafile=str(folder / "good.pem"))
    context.load_verify_locations(str(folder / "system.pem"))
    with httpx.HTTPTransport(verify=context) as transport:
        yield transport


def handed_over(cell: Cell, callers_own: httpx.HTTPTransport) -> CallerTransport | None:
    match cell.handed:
        case "nothing":
            return None
        case "marked":
            return CallerTransport(callers_own)
        case "marked-none":
            return CallerTransport(None)  # type: ignore[arg-type]  # what a caller without mypy may do
        case "unmarked":
            return callers_own  # type: ignore[return-value]  # as above


@dataclass(frozen=True)
class Outcome:
    """The step that was reached, and the error there or the bytes that came back."""

    step: str
    error: OcibrokerError | None = None
    content: bytes = b""


def attempt(cell: Cell, path: Path, address: str, roots: Path, callers_own: httpx.HTTPTransport) -> Outcome:
    step = "configuration"
    try:
        with Broker.from_config(path, environ={"SSL_CERT_FILE": str(roots)}) as broker:
            step = "access"
            mark = handed_over(cell, callers_own)
            access = broker.access(f"{address}/{REPOSITORY}", transport=mark)
            assert type(access.transport) is PairedTransport
            assert type(access.tls.ssl_context()) is ssl.SSLContext
            step = "request"
            with access.client() as http:
                return Outcome(step, content=http.get(f"/v2/{REPOSITORY}/manifests/{CHART.tag}").content)
    except OcibrokerError as error:
        return Outcome(step, error)


@pytest.mark.acceptance(1, 2, 3, 4, 5, 8, 9, 10, 11)
@pytest.mark.parametrize("cell", tuple(cells()), ids=str)
def test_every_cell_ends_in_an_explicit_transport_or_a_typed_error(
    cell: Cell, world: Servers, folder: Path, tmp_path: Path, callers_own: httpx.HTTPTransport
) -> None:
    registry = world.registries[cell.trust, cell.auth]
    registry.requests.take()
    path = configuration(cell, registry, folder, tmp_path / "config.toml")
    outcome = attempt(cell, path, registry.address, folder / "system.pem", callers_own)
    if cell.refusal is None:
        assert (outcome.error, outcome.content) == (None, CHART.manifest)
        assert seen(registry) == EXPECTED[cell.auth]
    else:
        assert (outcome.step, type(outcome.error)) == (cell.refusal.step, cell.refusal.error)
        assert not [word for word in cell.refusal.words if word not in str(outcome.error)], str(outcome.error)
        assert not seen(registry)


EXPECTED = {
    "none": [("/v2/charts/app/manifests/1.0.0", "")],
    "basic": [("/v2/charts/app/manifests/1.0.0", ""), ("/v2/charts/app/manifests/1.0.0", "Basic")],
    "token": [
        ("/v2/charts/app/manifests/1.0.0", ""),
        ("/token", "Basic"),
        ("/v2/charts/app/manifests/1.0.0", "Bearer"),
    ],
}


def seen(registry: EmbeddedRegistry) -> list[tuple[str, str]]:
    taken = registry.requests.take()
    return [(request.path, request.headers.get("authorization", "").partition(" ")[0]) for request in taken]
