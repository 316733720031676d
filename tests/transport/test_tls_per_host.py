"""Trust is of the host that is connected to; what goes wrong is named, and no secret is sent before it is sure."""

from __future__ import annotations

import gc
import gzip
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ocibroker.errors import ConnectionFailed, OcibrokerError, TLSConfigurationError, TLSFailed, WrongScheme
from ocibroker.testing import Authority, CannedResponse, EmbeddedRegistry, Issued
from tests.transport.answering_server import OK, Answer, AnsweringServer, answering
from tests.transport.brokers import MODES, Desk, Mode, exchange, rule
from tests.transport.hand_clock import HandClock
from tests.transport.raw_server import RawServer, Script, hanging_up, raw, saying
from tests.transport.token_world import asking, issuing

HOST = "registry.test"
TAGS = "/v2/app/tags/list"
Serve = Callable[..., AnsweringServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server; all of them end with the test."""
    with ExitStack() as running:

        def start(answer: Answer, tls: ssl.SSLContext | None = None) -> AnsweringServer:
            return running.enter_context(answering(answer, tls))

        yield start


@pytest.fixture(scope="module")
def private() -> Authority:
    """An authority that the system does not know."""
    return Authority()


def tls_entry(match: str, **settings: object) -> str:
    def value(setting: object) -> str:
        if isinstance(setting, bool):
            return str(setting).lower()
        return f'["{setting}"]' if isinstance(setting, Path) and setting.name == "ca.pem" else f'"{setting}"'

    return f'[[tls]]\nmatch = "{match}"\n' + "".join(f"{key} = {value(it)}\n" for key, it in settings.items())


def with_certificate(match: str, issued: Issued, folder: Path, **more: object) -> str:
    certificate, key = issued.write(folder)
    return tls_entry(match, client_cert=certificate, client_key=key, **more)


class TestTrust:
    @pytest.mark.acceptance(16)
    @pytest.mark.parametrize("mode", MODES)
    def test_a_private_registry_with_a_public_token_endpoint_and_a_public_blob_store(
        self, desk: Desk, authority: Authority, private: Authority, serve: Serve, mode: Mode
    ) -> None:
        blobs = serve(lambda _: CannedResponse(200, {}, b"blob"), authority.server_context("blobs.test"))
        tokens = serve(issuing(), authority.server_context("auth.test"))
        realm = f"auth.test:{tokens.port}"
        asked = asking(f"https://{realm}/token")

        def registrys(request: object) -> CannedResponse:
            answer = asked(request)  # type: ignore[arg-type]
            location = {"Location": f"https://blobs.test:{blobs.port}/blob"}
            return CannedResponse(307, location) if answer.status == 200 else answer

        registry = serve(registrys, private.server_context(HOST))
        address = f"{HOST}:{registry.port}"
        trusted = tls_entry(address, ca=private.write(desk.folder / "private"))
        broker = desk.broker(rule(address, more=f'realms = ["{realm}"]') + trusted)
        assert exchange(broker.access(f"{address}/app"), mode, "GET", TAGS).content == b"blob"
        assert (blobs.saw("authorization"), len(tokens.saw("authorization"))) == ([], 1)

    @pytest.mark.acceptance(16)
    @pytest.mark.parametrize("mode", MODES)
    def test_a_configured_authority_is_added_to_the_systems(
        self, desk: Desk, authority: Authority, private: Authority, serve: Serve, mode: Mode
    ) -> None:
        registry = serve(OK, authority.server_context(HOST))
        entry = tls_entry(f"{HOST}:{registry.port}", ca=private.write(desk.folder / "private"))
        access = desk.broker(entry).access(f"{HOST}:{registry.port}/app")
        assert exchange(access, mode, "GET", "/v2/").status_code == 200

    def test_unless_it_shall_be_the_only_one(
        self, desk: Desk, authority: Authority, private: Authority, serve: Serve
    ) -> None:
        registry = serve(OK, authority.server_context(HOST))
        entry = tls_entry(f"{HOST}:{registry.port}", ca=private.write(desk.folder / "private"), ca_only=True)
        with pytest.raises(TLSFailed, match="issuer is not trusted"):
            exchange(desk.broker(entry).access(f"{HOST}:{registry.port}/app"), "sync", "GET", "/v2/")

    @pytest.mark.acceptance(16)
    @pytest.mark.parametrize("mode", MODES)
    def test_a_hosts_own_authority_is_not_trusted_for_the_target_of_its_redirect(
        self, desk: Desk, private: Authority, serve: Serve, mode: Mode
    ) -> None:
        blobs = serve(OK, private.server_context("blobs.test"))
        location = {"Location": f"https://blobs.test:{blobs.port}/"}
        registry = serve(lambda _: CannedResponse(307, location), private.server_context(HOST))
        entry = tls_entry(f"{HOST}:{registry.port}", ca=private.write(desk.folder / "private"))
        access = desk.broker(entry).access(f"{HOST}:{registry.port}/app")
        with pytest.raises(TLSFailed, match=rf"^https://blobs.test:{blobs.port}: the issuer is not trusted"):
            exchange(access, mode, "GET", "/v2/")
        assert blobs.requests == []

    @pytest.mark.acceptance(10)
    @pytest.mark.parametrize("mode", MODES)
    def test_insecure_is_for_its_host_alone(self, desk: Desk, private: Authority, serve: Serve, mode: Mode) -> None:
        blobs = serve(OK, private.server_context("blobs.test"))
        location = {"Location": f"https://blobs.test:{blobs.port}/"}
        registry = serve(
            lambda one: CannedResponse(307, location) if one.path == "/away" else CannedResponse(),
            private.server_context("somebody.else.test"),
        )
        access = desk.broker(tls_entry(f"{HOST}:{registry.port}", insecure=True)).access(
            f"{HOST}:{registry.port}/app"
        )
        assert exchange(access, mode, "GET", "/v2/").status_code == 200
        with pytest.raises(TLSFailed):
            exchange(access, mode, "GET", "/away")
        assert blobs.requests == []


class TestClientCertificates:
    @pytest.fixture
    def mine(self, private: Authority) -> Issued:
        return private.issue("me@example.test")

    @pytest.mark.acceptance(17)
    @pytest.mark.parametrize("mode", MODES)
    def test_one_goes_to_its_host_and_to_no_other(
        self, desk: Desk, authority: Authority, private: Authority, mine: Issued, serve: Serve, mode: Mode
    ) -> None:
        def context(name: str) -> ssl.SSLContext:
            """Ask for a certificate without insisting."""
            asking_for_one = authority.server_context(name, client_authority=private)
            asking_for_one.verify_mode = ssl.CERT_OPTIONAL
            return asking_for_one

        blobs, tokens = serve(OK, context("blobs.test")), serve(issuing(), context("auth.test"))
        realm = f"auth.test:{tokens.port}"
        asked = asking(f"https://{realm}/token")

        def registrys(request: object) -> CannedResponse:
            answer = asked(request)  # type: ignore[arg-type]
            location = {"Location": f"https://blobs.test:{blobs.port}/blob"}
            return CannedResponse(307, location) if answer.status == 200 else answer

        registry = serve(registrys, authority.server_context(HOST, client_authority=private))
        address = f"{HOST}:{registry.port}"
        entry = with_certificate(address, mine, desk.folder / "mine")
        broker = desk.broker(rule(address, more=f'realms = ["{realm}"]') + entry)
        assert exchange(broker.access(f"{address}/app"), mode, "GET", TAGS).status_code == 200
        shown = [{one.client_certificate for one in server.requests} for server in (registry, tokens, blobs)]
        assert shown == [{True}, {False}, {False}]

    @pytest.mark.acceptance(17)
    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
    def test_a_missing_one_is_named(
        self,
        desk: Desk,
        authority: Authority,
        private: Authority,
        serve: Serve,
        version: ssl.TLSVersion,
        mode: Mode,
    ) -> None:
        tls = authority.server_context(HOST, client_authority=private)
        tls.minimum_version = tls.maximum_version = version
        registry = serve(OK, tls)
        address = f"{HOST}:{registry.port}"
        with pytest.raises(TLSFailed, match=rf"^https://{address}: asks for a client certificate") as caught:
            exchange(desk.broker(rule(address)).access(f"{address}/app"), mode, "GET", TAGS)
        assert caught.value.hint == "set client_cert and client_key in its [[tls]]"

    @pytest.mark.parametrize("mode", MODES)
    def test_one_of_an_authority_that_the_server_does_not_know_is_refused(
        self, desk: Desk, authority: Authority, private: Authority, serve: Serve, mode: Mode
    ) -> None:
        registry = serve(OK, authority.server_context(HOST, client_authority=private))
        address = f"{HOST}:{registry.port}"
        entry = with_certificate(address, Authority().issue("me@example.test"), desk.folder / "mine")
        with pytest.raises(TLSFailed, match=rf"^https://{address}: .*TLS by the broker"):
            exchange(desk.broker(rule(address) + entry).access(f"{address}/app"), mode, "GET", TAGS)


def _expired(trusted: Authority, _: Authority) -> ssl.SSLContext:
    return trusted.issue(HOST, expired=True).server_context()


def _foreign_name(trusted: Authority, _: Authority) -> ssl.SSLContext:
    return trusted.server_context("somebody.else.test")


def _wrong_authority(_: Authority, unknown: Authority) -> ssl.SSLContext:
    return unknown.server_context(HOST)


def _old_version(trusted: Authority, _: Authority) -> ssl.SSLContext:
    tls = trusted.server_context(HOST)
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    return tls


class TestWhatGoesWrong:
    @pytest.mark.acceptance(12)
    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize(
        ("context", "settings", "why", "hint"),
        [
            pytest.param(_wrong_authority, {}, "issuer is not trusted", "to ca of a", id="wrong-ca"),
            pytest.param(_expired, {}, "has expired", "renew it", id="expired"),
            pytest.param(_foreign_name, {}, "for another name", "use the name", id="foreign-name"),
            pytest.param(_old_version, {"min_version": "1.3"}, "version", "compare TLS versions", id="too-old"),
        ],
    )
    def test_a_handshake_that_fails_is_named_and_nothing_was_sent(
        self,
        desk: Desk,
        authority: Authority,
        private: Authority,
        serve: Serve,
        context: Callable[[Authority, Authority], ssl.SSLContext],
        settings: dict[str, object],
        why: str,
        hint: str,
        mode: Mode,
    ) -> None:
        registry = serve(OK, context(authority, private))
        address = f"{HOST}:{registry.port}"
        access = desk.broker(rule(address) + tls_entry(address, **settings)).access(f"{address}/app")
        with pytest.raises(TLSFailed, match=rf"^https://{address}: .*{why}.*TLS by the broker") as caught:
            exchange(access, mode, "GET", TAGS, headers={"authorization": "Bearer mine"})
        assert hint in caught.value.hint
        assert registry.requests == []

    @pytest.mark.parametrize("mode", MODES)
    def test_a_certificate_for_another_address(
        self, desk: Desk, authority: Authority, serve: Serve, mode: Mode
    ) -> None:
        registry = serve(OK, authority.server_context("10.0.0.1"))
        with pytest.raises(TLSFailed, match="for another address"):
            exchange(desk.broker().access(f"127.0.0.1:{registry.port}/app"), mode, "GET", "/v2/")

    @pytest.mark.acceptance(12)
    @pytest.mark.parametrize("mode", MODES)
    def test_http_where_tls_is_expected_is_named_and_nothing_was_sent_in_the_clear(
        self, desk: Desk, mode: Mode
    ) -> None:
        def at_once(connection: socket.socket, server: RawServer) -> None:
            server.received += connection.recv(65536)
            connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

        with raw(at_once) as registry:
            address = f"{HOST}:{registry.port}"
            access = desk.broker(rule(address)).access(f"{address}/app")
            with pytest.raises(WrongScheme, match=rf"^https://{address}: speaks HTTP where TLS was expected"):
                exchange(access, mode, "GET", TAGS, headers={"authorization": "Bearer mine"})
            assert b"HTTP/1" not in registry.received
            assert b"mine" not in registry.received

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize(
        "message",
        [b"Client sent an HTTP request to an HTTPS server.", b"The plain HTTP request was sent to HTTPS port"],
        ids=["go", "nginx"],
    )
    def test_tls_where_http_is_expected_as_servers_say_it(
        self, desk: Desk, serve: Serve, message: bytes, mode: Mode
    ) -> None:
        registry = serve(lambda _: CannedResponse(400, {}, message))
        address = f"{HOST}:{registry.port}"
        access = desk.broker(rule(address) + tls_entry(address, plain_http=True)).access(f"{address}/app")
        with pytest.raises(WrongScheme, match=rf"^http://{address}: speaks HTTPS .*remove plain_http"):
            exchange(access, mode, "GET", TAGS)
        assert registry.saw("authorization") == []

    @pytest.mark.parametrize("mode", MODES)
    def test_tls_where_http_is_expected_without_a_word(self, desk: Desk, authority: Authority, mode: Mode) -> None:
        with EmbeddedRegistry(tls=authority.server_context(HOST), host=HOST) as registry:
            entry = tls_entry(registry.address, plain_http=True)
            access = desk.broker(rule(registry.address) + entry).access(f"{registry.address}/app")
            with pytest.raises(WrongScheme, match=r"closed the connection without an HTTP answer"):
                exchange(access, mode, "GET", TAGS)

    @pytest.mark.parametrize("mode", MODES)
    def test_another_bad_request_over_http_is_an_answer(self, desk: Desk, serve: Serve, mode: Mode) -> None:
        registry = serve(lambda _: CannedResponse(400, {}, b"no"))
        address = f"{HOST}:{registry.port}"
        access = desk.broker(tls_entry(address, plain_http=True)).access(f"{address}/app")
        assert exchange(access, mode, "GET", TAGS).content == b"no"

    @pytest.mark.parametrize("mode", MODES)
    def test_so_is_a_compressed_one(self, desk: Desk, serve: Serve, mode: Mode) -> None:
        registry = serve(lambda _: CannedResponse(400, {"Content-Encoding": "gzip"}, gzip.compress(b"no")))
        address = f"{HOST}:{registry.port}"
        access = desk.broker(tls_entry(address, plain_http=True)).access(f"{address}/app")
        assert exchange(access, mode, "GET", TAGS).content == b"no"

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize(
        ("script", "why"),
        [
            pytest.param(hanging_up, "broke the connection", id="no-answer"),
            pytest.param(saying(b"nonsense\r\n\r\n"), "broke the connection", id="no-http"),
            pytest.param(
                saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), "broke the connection", id="cut"
            ),
            pytest.param(saying(b"HTTP/1.1 200 OK\r\nContent-Le"), "broke the connection", id="cut-header"),
            pytest.param(
                saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
                "broke the connection",
                id="no-chunk",
            ),
        ],
    )
    def test_a_connection_that_breaks_is_named(
        self, desk: Desk, authority: Authority, script: Script, why: str, mode: Mode
    ) -> None:
        with raw(script, authority.server_context(HOST)) as registry:
            address = f"{HOST}:{registry.port}"
            with pytest.raises(ConnectionFailed, match=rf"^https://{address}: {why}; TLS by the broker"):
                exchange(desk.broker().access(f"{address}/app"), mode, "GET", TAGS)

    @pytest.mark.parametrize("mode", MODES)
    def test_an_answer_over_http_that_is_cut_short_is_not_taken_for_tls(self, desk: Desk, mode: Mode) -> None:
        with raw(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")) as registry:
            address = f"{HOST}:{registry.port}"
            access = desk.broker(tls_entry(address, plain_http=True)).access(f"{address}/app")
            with pytest.raises(ConnectionFailed, match="broke the connection") as caught:
                exchange(access, mode, "GET", TAGS)
            assert not isinstance(caught.value, WrongScheme)

    @pytest.mark.parametrize("mode", MODES)
    def test_a_port_where_nobody_listens(self, desk: Desk, mode: Mode) -> None:
        with raw(hanging_up) as gone:
            port = gone.port
        with pytest.raises(ConnectionFailed, match=rf"^https://{HOST}:{port}: Connection refused \(check"):
            exchange(desk.broker().access(f"{HOST}:{port}/app"), mode, "GET", TAGS)

    @pytest.mark.parametrize("mode", MODES)
    def test_a_name_that_does_not_resolve(self, desk: Desk, mode: Mode) -> None:
        broker = desk.broker(route=lambda host, port: ("name.invalid", port))
        with pytest.raises(ConnectionFailed, match=r"^https://registry.test: "):
            exchange(broker.access("registry.test/app"), mode, "GET", TAGS)

    @pytest.mark.parametrize("mode", MODES)
    def test_a_header_that_http_cannot_carry_is_not_sent(
        self, desk: Desk, authority: Authority, serve: Serve, mode: Mode
    ) -> None:
        registry = serve(OK, authority.server_context(HOST))
        access = desk.broker().access(f"{HOST}:{registry.port}/app")
        with pytest.raises(OcibrokerError, match="cannot be written as HTTP"):
            exchange(access, mode, "GET", TAGS, headers={"x": "a\r\nb: c"})
        assert registry.requests == []

    @pytest.mark.acceptance(8)
    def test_a_missing_authority_is_named_before_anything_is_sent(
        self, desk: Desk, authority: Authority, serve: Serve
    ) -> None:
        registry = serve(OK, authority.server_context(HOST))
        address = f"{HOST}:{registry.port}"
        broker = desk.broker(rule(address) + tls_entry(address, ca=desk.folder / "absent" / "ca.pem"))
        with pytest.raises(TLSConfigurationError, match=rf"absent/ca.pem: .*needed for {address}"):
            broker.access(f"{address}/app")
        assert registry.requests == []


class TestFilesThatChange:
    @pytest.mark.acceptance(18)
    @pytest.mark.parametrize("mode", MODES)
    def test_a_new_authority_is_trusted_a_second_later(
        self, desk: Desk, serve: Serve, clock: HandClock, mode: Mode
    ) -> None:
        old, new = Authority(), Authority()
        registry = serve(OK, new.server_context(HOST))
        address = f"{HOST}:{registry.port}"
        entry = tls_entry(address, ca=old.write(desk.folder / "ca"))
        access = desk.broker(entry, clock=clock).access(f"{address}/app")
        with pytest.raises(TLSFailed):
            exchange(access, mode, "GET", "/v2/")
        new.write(desk.folder / "ca")
        clock.move(1)
        assert exchange(access, mode, "GET", "/v2/").status_code == 200

    @pytest.mark.acceptance(18)
    @pytest.mark.parametrize("mode", MODES)
    def test_an_authority_that_was_withdrawn_is_trusted_no_longer_also_on_open_connections(
        self, desk: Desk, serve: Serve, clock: HandClock, mode: Mode
    ) -> None:
        old, new = Authority(), Authority()
        registry = serve(OK, old.server_context(HOST))
        address = f"{HOST}:{registry.port}"
        entry = tls_entry(address, ca=old.write(desk.folder / "ca"))
        access = desk.broker(entry, clock=clock).access(f"{address}/app")
        exchange(access, mode, "GET", "/v2/")
        new.write(desk.folder / "ca")
        clock.move(1)
        with pytest.raises(TLSFailed):
            exchange(access, mode, "GET", "/v2/")
        gc.collect()  # a connection that was left open would be a ResourceWarning, which is an error

    @pytest.mark.acceptance(18)
    def test_an_answer_that_is_being_read_is_read_to_its_end(
        self, desk: Desk, serve: Serve, clock: HandClock
    ) -> None:
        authority = Authority()
        registry = serve(lambda _: CannedResponse(200, {}, 500_000 * b"x"), authority.server_context(HOST))
        address = f"{HOST}:{registry.port}"
        file = authority.write(desk.folder / "ca")
        access = desk.broker(tls_entry(address, ca=file), clock=clock).access(f"{address}/app")
        with access.client() as http, http.stream("GET", "/v2/") as reading:
            parts = reading.iter_bytes()
            size = len(next(parts))
            file.write_text(Authority().pem + authority.pem)
            clock.move(1)
            assert http.get("/v2/").status_code == 200
            assert size + sum(map(len, parts)) == 500_000
        gc.collect()

    @pytest.mark.acceptance(18)
    def test_a_new_client_certificate_is_shown_a_second_later(
        self, desk: Desk, authority: Authority, serve: Serve, clock: HandClock
    ) -> None:
        private, other = Authority(), Authority()
        registry = serve(OK, authority.server_context(HOST, client_authority=private))
        address = f"{HOST}:{registry.port}"
        folder = desk.folder / "mine"
        entry = with_certificate(address, other.issue("me@example.test"), folder)
        access = desk.broker(entry, clock=clock).access(f"{address}/app")
        with pytest.raises(TLSFailed):
            exchange(access, "sync", "GET", "/v2/")
        private.issue("me@example.test").write(folder)
        clock.move(1)
        assert exchange(access, "sync", "GET", "/v2/").status_code == 200

    @pytest.mark.acceptance(18)
    def test_an_authority_that_becomes_garbage_is_an_error_and_not_the_old_one(
        self, desk: Desk, serve: Serve, clock: HandClock
    ) -> None:
        authority = Authority()
        registry = serve(OK, authority.server_context(HOST))
        address = f"{HOST}:{registry.port}"
        file = authority.write(desk.folder / "ca")
        access = desk.broker(tls_entry(address, ca=file), clock=clock).access(f"{address}/app")
        exchange(access, "sync", "GET", "/v2/")
        file.write_text("garbage")
        clock.move(1)
        with pytest.raises(TLSConfigurationError, match=r"ca/ca\.pem"):
            exchange(access, "sync", "GET", "/v2/")
