"""What only a plugin, a clock of the test's own or a server that counts can show."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trustme

from ocibroker.doctor.bench import Surroundings
from ocibroker.doctor.examination import examine
from ocibroker.doctor.finding import Finding
from ocibroker.doctor.patient import Patient
from ocibroker.provider import Bearer, Claim, Provider, Strength
from ocibroker.testing import Authority, CannedResponse
from ocibroker.testing.request import Request
from tests.doctor.house import APP, House, server_context
from tests.transport.answering_server import answering
from tests.transport.brokers import made_rule
from tests.transport.connect_proxy import proxying
from tests.transport.made_provider import MadeProvider, Plugin, giving
from tests.transport.raw_server import RawServer, listening, raw


def examined(house: House, target: str, *offered: Provider[Any]) -> dict[str, Finding]:
    roots = house.root.write(house.desk.home / "roots")
    environ = {**house.desk.environ, "OCIBROKER_SOCKET": "off", "SSL_CERT_FILE": str(roots)}
    surroundings = Surroundings(environ=environ, plugins=(Plugin(*offered),))
    return {one.id: one for one in examine(surroundings, Patient.parse(target))}


def claiming(name: str) -> MadeProvider:
    def unasked(_: object) -> Bearer:
        pytest.fail("nobody was chosen")

    return MadeProvider(unasked, name=name, claim=lambda _: Claim(Strength.EXACT, "it is mine"))


def test_two_equal_claims_are_named_and_the_host_is_looked_at_all_the_same(house: House) -> None:
    with house.registry() as registry:
        found = examined(house, f"{registry.address}/{APP}", claiming("first"), claiming("second"))
    chosen = found["selection.provider"]
    assert chosen.state == "failed"
    assert "first" in chosen.cause
    assert "second" in chosen.cause
    assert chosen.cure == "write a [[registry]] rule"
    assert [found[step].state for step in ("tls.handshake", "registry.challenge")] == ["ok", "ok"]


def test_a_token_that_has_expired_is_no_credential(house: House) -> None:
    now = datetime.now(UTC)
    stale = Bearer(
        secret=house.canary.ascii, issued_at=now - timedelta(hours=2), expires_at=now - timedelta(hours=1)
    )
    with house.registry() as registry:
        house.desk.configure(made_rule(registry.address))
        found = examined(house, f"{registry.address}/{APP}", giving(stale))
    assert found["credential"].state == "failed"
    assert found["registry.challenge"].state == "ok"
    assert house.canary.hits(repr(found)) == []


def test_a_token_that_is_about_to_end_is_a_warning_with_its_life(house: House) -> None:
    now = datetime.now(UTC)
    short = Bearer(secret=house.canary.ascii, issued_at=now, expires_at=now + timedelta(seconds=90))
    with house.registry() as registry:
        house.desk.configure(made_rule(registry.address))
        found = examined(house, f"{registry.address}/{APP}", giving(short))
    assert found["credential"].state == "warning"
    assert f", issued {now:%Y-%m-%dT%H:%M:%SZ}, until " in found["credential"].what
    assert house.canary.hits(repr(found)) == []


def test_of_a_host_that_is_not_trusted_nothing_but_handshakes_is_seen(house: House) -> None:
    with raw(listening, Authority().server_context("localhost")) as server:
        house.desk.configure(house.rule(f"localhost:{server.port}"))
        found = examined(house, f"localhost:{server.port}/{APP}")
        assert found["tls.certificate"].what.startswith("presented, and not verified: for localhost, issued by ")
        assert server.received == b""
    assert (
        server.connections == 3
    )  # whether it takes one, the handshake that fails, and the look at what was presented


def test_a_client_certificate_is_not_shown_to_a_host_that_is_not_trusted(house: House) -> None:
    ours = Authority()
    certificate, key = ours.issue("me@here").write(house.folder)
    shown: list[object] = []

    def served(connection: socket.socket, _: RawServer) -> None:
        shown.append(connection)  # only after a handshake in which the client has shown a certificate

    with raw(served, Authority().server_context("localhost", client_authority=ours)) as server:
        entry = house.entry(f"localhost:{server.port}", f'client_cert = "{certificate}"\nclient_key = "{key}"')
        house.desk.configure(house.rule(f"localhost:{server.port}") + entry)
        found = examined(house, f"localhost:{server.port}/{APP}")
    assert found["tls.handshake"].cause.startswith("the issuer OU=Testing CA #")
    assert found["tls.certificate"].what.startswith("presented, and not verified: for localhost")
    assert shown == []


def test_the_proxy_of_a_host_that_is_not_trusted_is_asked_for_tunnels_only(house: House) -> None:
    with raw(listening, Authority().server_context("localhost")) as server, proxying() as proxy:
        address = f"localhost:{server.port}"
        entry = house.entry(address, f'proxy = "http://localhost:{proxy.port}"')
        house.desk.configure(house.rule(address) + entry)
        examined(house, f"{address}/{APP}")
        assert {line for line in proxy.lines if line} == {f"CONNECT {address} HTTP/1.1"}
        assert server.received == b""


def test_a_registry_that_sends_the_credential_back_has_it_shown_by_nobody(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING", "httpcore")  # as in our commands; below that it shows the headers of answers

    def echo(request: Request) -> CannedResponse:
        sent = request.headers.get("authorization", "")
        if not sent:
            return CannedResponse(401, {"WWW-Authenticate": "Basic realm=x"})
        told = f"{sent} {house.password}"
        return CannedResponse(
            200, {"Content-Type": told, "Docker-Content-Digest": told, "Date": told}, told.encode()
        )

    with answering(echo, house.root.server_context("localhost")) as server:
        house.desk.configure(house.rule(f"localhost:{server.port}"))
        found = examined(house, f"localhost:{server.port}/{APP}:1.2.3")
        assert any(server.saw("authorization"))
    assert found["registry.manifest"].what == "1.2.3 is of another type"
    assert house.canary.hits(repr(found)) == []


def test_how_many_requests_a_registry_says_are_left_is_told(house: House) -> None:
    def limited(request: Request) -> CannedResponse:
        if "authorization" not in request.headers:
            return CannedResponse(401, {"WWW-Authenticate": "Basic realm=x"})
        headers = {"RateLimit-Limit": "100;w=21600", "RateLimit-Remaining": "76;w=21600"}
        return CannedResponse(200, headers if "/manifests/" in request.path else {})

    with answering(limited, house.root.server_context("localhost")) as server:
        house.desk.configure(house.rule(f"localhost:{server.port}"))
        found = examined(house, f"localhost:{server.port}/{APP}:1.2.3")
    assert "; localhost: 76 of 100 requests left in 21600 s at " in found["registry.manifest"].what


def test_a_host_that_is_reached_through_a_proxy_is_not_dialled_without_it(house: House) -> None:
    with raw(listening, house.root.server_context("localhost")) as server, proxying() as proxy:
        address = f"localhost:{server.port}"
        entry = house.entry(address, f'ca = ["gone.pem"]\nproxy = "http://localhost:{proxy.port}"')
        house.desk.configure(house.rule(address) + entry)
        found = examined(house, f"{address}/{APP}")
        assert found["network.connect"].what == f"http://localhost:{proxy.port} takes connections"
        assert server.connections == 0


def test_a_certificate_of_short_life_is_not_said_to_end_while_most_of_it_is_left(house: House) -> None:
    ca, now = trustme.CA(), datetime.now(UTC)
    leaf = ca.issue_cert("localhost", not_before=now - timedelta(hours=1), not_after=now + timedelta(days=2))
    path = house.write("ca.pem", ca.cert_pem.bytes().decode())
    with house.registry(tls=server_context(leaf)) as registry:
        entry = house.entry(registry.address, f'ca = ["{path}"]')
        house.desk.configure(house.rule(registry.address) + entry)
        found = examined(house, f"{registry.address}/{APP}")
    assert found["tls.certificate"].state == "ok"
