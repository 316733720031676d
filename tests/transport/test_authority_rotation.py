"""A registry's authority is replaced while the broker runs: its file follows, and nothing is started again."""

from __future__ import annotations

import gc
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ocibroker import Broker
from ocibroker.errors import TLSFailed
from ocibroker.testing import Authority, EmbeddedRegistry
from tests.transport.brokers import MODES, Desk, Mode, ask, exchange, rule
from tests.transport.hand_clock import HandClock

HOST = "registry.test"


def configured(desk: Desk, address: str) -> tuple[Path, str]:
    file = desk.folder / "ca.pem"
    return file, f'[[tls]]\nmatch = "{address}"\nca = ["{file}"]\n'


def discovered(desk: Desk, address: str) -> tuple[Path, str]:
    file = desk.folder / ".config" / "containers" / "certs.d" / address / "ca.crt"
    file.parent.mkdir(parents=True)
    return file, ""


@dataclass
class Rotation:
    """``tls`` is the registry's context, ``served`` its certificate's folder, ``file`` the authority's in use."""

    registry: EmbeddedRegistry
    tls: ssl.SSLContext
    served: Path
    broker: Broker
    file: Path
    clock: HandClock

    def show(self, authority: Authority) -> None:
        """Let the registry present a certificate of ``authority`` on every new connection."""
        self.tls.load_cert_chain(*authority.issue(HOST).write(self.served))

    def trust(self, authority: Authority) -> None:
        """Replace the file as tools that rotate it do, and let more than a second pass."""
        fresh = self.file.with_name("fresh")
        fresh.write_text(authority.pem)
        fresh.replace(self.file)
        self.clock.move(1.5)

    def resolve(self, mode: Mode) -> int:
        access = ask(self.broker, mode, f"{self.registry.address}/app")
        return exchange(access, mode, "GET", "/v2/").status_code

    @property
    def connections(self) -> int:
        """How many connections the registry has accepted."""
        return self.tls.session_stats()["accept_good"]


@pytest.fixture(params=[configured, discovered], ids=lambda place: place.__name__)
def rotation(request: pytest.FixtureRequest, desk: Desk, clock: HandClock) -> Iterator[Rotation]:
    place: Callable[[Desk, str], tuple[Path, str]] = request.param
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with EmbeddedRegistry(tls=tls, users={"alice": "wonder"}, host=HOST) as registry:
        file, entry = place(desk, registry.address)
        broker = desk.broker(rule(registry.address) + entry, environ={"HOME": str(desk.folder)}, clock=clock)
        yield Rotation(registry, tls, desk.folder / "served", broker, file, clock)
    desk.close()
    gc.collect()  # a connection that was forgotten would be a ResourceWarning, which is an error


@pytest.mark.fault(13)
@pytest.mark.acceptance(18)
@pytest.mark.parametrize("mode", MODES)
def test_the_next_access_trusts_the_new_one(rotation: Rotation, mode: Mode) -> None:
    seen = []
    for authority in (Authority(), Authority()):
        rotation.show(authority)
        rotation.trust(authority)
        seen.append(rotation.resolve(mode))
    assert seen == [200, 200]


@pytest.mark.acceptance(18)
@pytest.mark.parametrize("mode", MODES)
def test_it_trusts_the_old_one_no_longer(rotation: Rotation, mode: Mode) -> None:
    old = Authority()
    rotation.show(old)
    rotation.trust(old)
    rotation.resolve(mode)
    rotation.trust(Authority())
    with pytest.raises(TLSFailed, match="issuer is not trusted"):
        rotation.resolve(mode)


@pytest.mark.acceptance(18)
def test_connections_are_kept_by_what_the_file_holds_and_the_old_ones_are_closed(rotation: Rotation) -> None:
    authorities = [Authority() for _ in range(3)]
    for count, authority in enumerate(authorities, start=1):
        rotation.show(authority)
        for _ in range(3):  # the same content, each time in another file
            rotation.trust(authority)
            rotation.resolve("sync")
        assert rotation.connections == count
