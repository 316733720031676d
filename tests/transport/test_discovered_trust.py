"""What ``certs.d`` holds for a host is its trust on the wire, and of no other host."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from ocibroker.errors import TLSConfigurationError
from ocibroker.testing import Authority, CannedResponse, EmbeddedRegistry
from ocibroker.testing.request import Request
from tests.transport.answering_server import OK, answering
from tests.transport.brokers import MODES, Desk, Mode, exchange, rule
from tests.transport.connect_proxy import proxying
from tests.transport.token_world import asking, issuing

HOST = "registry.test"
TAGS = "/v2/app/tags/list"


@pytest.fixture(scope="module")
def private() -> Authority:
    """An authority that the system does not know."""
    return Authority()


def certs_d(desk: Desk, address: str, authority: Authority, *, identity: Authority | None = None) -> Path:
    """Furnish the host's folder in the desk's home: an authority, and perhaps a client certificate."""
    folder = desk.folder / ".config" / "containers" / "certs.d" / address
    folder.mkdir(parents=True)
    (folder / "ca.crt").write_text(authority.pem)
    if identity:
        certificate, key = identity.issue("me@example.test").write(desk.folder / "me")
        certificate.replace(folder / "me.cert")
        key.replace(folder / "me.key")
    return folder


def home(desk: Desk) -> dict[str, str]:
    return {"HOME": str(desk.folder)}


def curious(authority: Authority, name: str, clients: Authority) -> ssl.SSLContext:
    """Ask for a client certificate without insisting."""
    context = authority.server_context(name, client_authority=clients)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


@pytest.mark.acceptance(16, 17)
@pytest.mark.parametrize("mode", MODES)
def test_registry_and_token_endpoint_each_have_their_own_and_the_certificate_goes_to_one_of_them(
    desk: Desk, authority: Authority, private: Authority, mode: Mode
) -> None:
    other = Authority()
    with (
        answering(issuing(), curious(other, "auth.test", private)) as tokens,
        answering(OK, curious(authority, "blobs.test", private)) as blobs,
    ):
        realm = f"auth.test:{tokens.port}"
        asked = asking(f"https://{realm}/token")

        def registrys(request: Request) -> CannedResponse:
            answer = asked(request)
            location = {"Location": f"https://blobs.test:{blobs.port}/blob"}
            return CannedResponse(307, location) if answer.status == 200 else answer

        with answering(registrys, private.server_context(HOST, client_authority=private)) as registry:
            address = f"{HOST}:{registry.port}"
            certs_d(desk, address, private, identity=private)
            certs_d(desk, realm, other)
            broker = desk.broker(rule(address, more=f'realms = ["{realm}"]'), environ=home(desk))
            assert exchange(broker.access(f"{address}/app"), mode, "GET", TAGS).content == b"here"
            shown = [{one.client_certificate for one in server.requests} for server in (registry, tokens, blobs)]
            assert shown == [{True}, {False}, {False}]


@pytest.mark.parametrize("mode", MODES)
def test_a_proxy_is_trusted_by_its_own(desk: Desk, authority: Authority, private: Authority, mode: Mode) -> None:
    with (
        answering(OK, authority.server_context(HOST)) as registry,
        proxying(private.server_context("proxy.test")) as proxy,
    ):
        certs_d(desk, f"proxy.test:{proxy.port}", private)
        environ = {**home(desk), "HTTPS_PROXY": f"https://proxy.test:{proxy.port}"}
        access = desk.broker(environ=environ).access(f"{HOST}:{registry.port}/app")
        assert exchange(access, mode, "GET", "/v2/").status_code == 200


def test_a_broken_one_stops_the_access_to_its_host_and_to_no_other(
    desk: Desk, authority: Authority, private: Authority
) -> None:
    with EmbeddedRegistry(tls=authority.server_context(HOST), host=HOST) as registry:
        folder = certs_d(desk, "broken.test", private)
        (folder / "ca.crt").write_text("garbage")
        broker = desk.broker(environ=home(desk))
        with pytest.raises(TLSConfigurationError, match=r"broken\.test/ca\.crt: .*needed for broken\.test"):
            broker.access("broken.test/app")
        assert exchange(broker.access(f"{registry.address}/app"), "sync", "GET", "/v2/").status_code == 200


def test_explain_says_which_place_was_read(desk: Desk, private: Authority) -> None:
    folder = certs_d(desk, HOST, private, identity=private)
    tls = desk.broker(environ=home(desk)).explain(f"{HOST}/app").tls
    assert (tls["ca"], tls["client_cert"]) == ([str(folder / "ca.crt")], str(folder / "me.cert"))
    assert set(tls["sources"].values()) == {str(folder)}
