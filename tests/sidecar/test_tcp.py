"""Who is let in over TCP."""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from ocibroker.config import SidecarSettings, TCPListening, UnixListening
from ocibroker.config.sidecar import Address
from ocibroker.errors import ConfigurationError
from ocibroker.sidecar.certificate_names import names_in
from ocibroker.sidecar.limits import Limits
from ocibroker.sidecar.tcp_socket import check_callers, hosts_of
from ocibroker.testing import Authority
from ocibroker.testing.authority import Issued
from tests.sidecar.served import Client, Served, served, until

TOKEN = "t0k3n" * 9
HERE = Address(host="127.0.0.1", port=0)
ANYWHERE = Path("/nowhere")
BEARER = TCPListening(listen=HERE, bearer=ANYWHERE)
MTLS = TCPListening(
    listen=HERE, certificate=ANYWHERE, key=ANYWHERE, client_ca=ANYWHERE, allow=("dns:client.example",)
)


@contextmanager
def tcp(
    folder: Path, listening: TCPListening, *, loop: str = "uvloop", limits: Limits | None = None
) -> Iterator[Served]:
    settings = SidecarSettings(socket=UnixListening(path=folder / "s"), tcp=listening)
    with served(settings, loop=loop, limits=limits) as one:
        yield one


def token_file(folder: Path, text: str = TOKEN, mode: int = 0o600) -> Path:
    path = folder / "token"
    path.write_text(f"{text}\n")
    path.chmod(mode)
    return path


class TestStart:
    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "2001:db8::1", "node.example"])
    def test_is_refused_to_the_network_without_client_certificates(self, host: str) -> None:
        with pytest.raises(ConfigurationError, match="lets the network in"):
            check_callers(replace(BEARER, listen=Address(host=host, port=9464)))
        check_callers(replace(MTLS, listen=Address(host=host, port=9464)))

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "::ffff:127.0.0.1"])
    def test_is_refused_on_loopback_without_any(self, host: str) -> None:
        with pytest.raises(ConfigurationError, match="lets everybody on this machine in"):
            check_callers(TCPListening(listen=Address(host=host, port=9464)))
        check_callers(replace(BEARER, listen=Address(host=host, port=9464)))
        check_callers(replace(MTLS, listen=Address(host=host, port=9464)))

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            (replace(BEARER, certificate=ANYWHERE), "names one of certificate and key"),
            (replace(BEARER, key=ANYWHERE), "names one of certificate and key"),
            (replace(BEARER, client_ca=ANYWHERE, allow=("dns:a",)), "names client_ca and no certificate"),
            (replace(MTLS, allow=()), "verifies callers and allows none"),
            (replace(BEARER, allow=("dns:client.example",)), "allows names that nobody verifies"),
            (replace(MTLS, allow=("client.example",)), "is no name of a certificate"),
            (replace(MTLS, allow=("dns:",)), "is no name of a certificate"),
            (replace(MTLS, allow=("spiffe:example",)), "is no name of a certificate"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_is_refused_where_a_setting_would_be_of_no_effect(self, settings: TCPListening, message: str) -> None:
        with pytest.raises(ConfigurationError, match=message):
            check_callers(settings)

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
    def test_is_refused_with_a_token_that_others_can_read(self, folder: Path, mode: int) -> None:
        settings = replace(BEARER, bearer=token_file(folder, mode=mode))
        with pytest.raises(ConfigurationError, match="can be read or written by others"), tcp(folder, settings):
            pass

    @pytest.mark.parametrize("text", ["", "short", "x" * 42, "é" * 43, "two words" * 9])
    def test_is_refused_with_a_token_that_can_be_guessed_or_sent_in_no_header(
        self, folder: Path, text: str
    ) -> None:
        settings = replace(BEARER, bearer=token_file(folder, text))
        with pytest.raises(ConfigurationError, match="holds no token of 256 bits"), tcp(folder, settings):
            pass

    def test_is_refused_without_the_file(self, folder: Path) -> None:
        with pytest.raises(ConfigurationError, match="cannot be read"), tcp(folder, BEARER):
            pass
        os.mkfifo(folder / "fifo", 0o600)
        settings = replace(BEARER, bearer=folder / "fifo")
        with pytest.raises(ConfigurationError, match="is not a regular file"), tcp(folder, settings):
            pass

    def test_is_refused_where_the_address_is_not_ours_or_taken(self, folder: Path) -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as taken:
            port = taken.getsockname()[1]
            settings = replace(BEARER, bearer=token_file(folder), listen=replace(HERE, port=port))
            with (
                pytest.raises(ConfigurationError, match=f"127.0.0.1:{port}: cannot be listened on"),
                tcp(folder, settings),
            ):
                pass
        assert not (folder / "s").exists()

    def test_opens_no_port_by_default(self, folder: Path) -> None:
        with served(SidecarSettings(socket=UnixListening(path=folder / "s"))) as one:
            assert one.ports == {"socket": 0}


class TestHosts:
    @pytest.mark.parametrize(
        ("address", "names", "hosts"),
        [
            (("127.0.0.1", 1), (), {"127.0.0.1:1", "localhost:1"}),
            (("::1", 1), (), {"[::1]:1", "localhost:1"}),
            (("192.0.2.1", 1), ("Node.Example", "other:2"), {"192.0.2.1:1", "node.example:1", "other:2"}),
            (("2001:db8::1", 1), ("[2001:DB8::2]",), {"[2001:db8::1]:1", "[2001:db8::2]:1"}),
        ],
    )
    def test_are_the_address_and_the_names(
        self, address: tuple[str, int], names: tuple[str, ...], hosts: set[str]
    ) -> None:
        assert hosts_of(Address(host=address[0], port=address[1]), names) == hosts

    def test_are_those_of_the_port_that_the_system_has_chosen(self, folder: Path) -> None:
        with tcp(folder, replace(BEARER, bearer=token_file(folder))) as one:
            port = one.ports["tcp"]
            assert one.hosts["tcp"] == {f"127.0.0.1:{port}", f"localhost:{port}"}


class TestBearer:
    @pytest.mark.parametrize(
        "header",
        [
            None,
            "Authorization: ",
            "Authorization: Bearer",
            "Authorization: Bearer ",
            f"Authorization: {TOKEN}",
            f"Authorization: Basic {TOKEN}",
            f"Authorization: Bearer {TOKEN}x",
            f"Authorization: Bearer {TOKEN[:-1]}",
            f"Authorization: Bearer {TOKEN} x",
            f"Authorization: Bearer {TOKEN[:-1]}é",
            "Authorization: Bearer é",
        ],
    )
    def test_that_is_wrong_is_401(self, folder: Path, loop: str, header: str | None) -> None:
        with (
            tcp(folder, replace(BEARER, bearer=token_file(folder)), loop=loop) as one,
            Client.of(one.ports["tcp"]) as client,
        ):
            assert client.ask("/", *([header] if header else [])).status == 401

    def test_that_is_right_is_let_in(self, folder: Path, loop: str) -> None:
        with (
            tcp(folder, replace(BEARER, bearer=token_file(folder)), loop=loop) as one,
            Client.of(one.ports["tcp"]) as client,
        ):
            assert client.ask("/", f"Authorization: Bearer {TOKEN}").said["listener"] == "tcp"
            assert client.ask("/", f"authorization: bearer {TOKEN}").status == 200
            with Client.of(folder / "s") as local:
                assert local.ask().status == 200

    def test_that_is_exchanged_counts_within_seconds_and_the_old_one_does_not(self, folder: Path) -> None:
        other = "0th3r" * 9
        with (
            tcp(folder, replace(BEARER, bearer=token_file(folder))) as one,
            Client.of(one.ports["tcp"]) as client,
        ):
            (folder / "next").touch(mode=0o600)
            (folder / "next").write_text(other)
            (folder / "next").rename(folder / "token")
            until(lambda: client.ask("/", f"Authorization: Bearer {other}").status == 200, 3)
            assert client.ask("/", f"Authorization: Bearer {TOKEN}").status == 401

    @pytest.mark.parametrize("text", [None, "", "short"])
    def test_that_is_taken_away_is_revoked(
        self, folder: Path, text: str | None, caplog: pytest.LogCaptureFixture
    ) -> None:
        with (
            tcp(folder, replace(BEARER, bearer=token_file(folder))) as one,
            Client.of(one.ports["tcp"]) as client,
        ):
            (folder / "token").unlink()
            if text is not None:
                token_file(folder, text)
            until(lambda: client.ask("/", f"Authorization: Bearer {TOKEN}").status == 401, 3)
            assert client.ask("/", "Authorization: Bearer ").status == 401
            token_file(folder)
            until(lambda: client.ask("/", f"Authorization: Bearer {TOKEN}").status == 200, 3)
        assert "nobody is admitted by token" in caplog.text

    def test_a_mode_that_others_may_read_revokes_it_and_one_that_is_mended_does_not_need_a_change(
        self, folder: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        with (
            caplog.at_level("WARNING"),
            tcp(folder, replace(BEARER, bearer=(path := token_file(folder)))) as one,
            Client.of(one.ports["tcp"]) as client,
        ):
            assert client.ask("/", f"Authorization: Bearer {TOKEN}").status == 200
            path.chmod(0o644)
            until(lambda: client.ask("/", f"Authorization: Bearer {TOKEN}").status == 401, 3)
            path.chmod(0o600)
            until(lambda: client.ask("/", f"Authorization: Bearer {TOKEN}").status == 200, 3)
        assert "can be read or written by others" in caplog.text


class Pair:
    """A sidecar's certificate and a client's, each by an authority of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server, self.clients = Authority(), Authority()
        self.certificate, self.key = self.server.issue("127.0.0.1").write(folder / "own")
        self.client_ca = self.clients.write(folder / "clients")

    def settings(self, *allow: str) -> TCPListening:
        return TCPListening(
            listen=HERE,
            certificate=self.certificate,
            key=self.key,
            client_ca=self.client_ca,
            allow=allow or ("dns:client.example",),
        )

    @contextmanager
    def client(
        self,
        port: int,
        identity: Issued | None,
        *,
        server: Authority | None = None,
        version: ssl.TLSVersion | None = None,
    ) -> Iterator[Client]:
        context = ssl.create_default_context(cadata=(server or self.server).pem)
        if identity:
            context.load_cert_chain(*identity.write(self.folder / "identity"))
        if version:
            context.maximum_version = version
        with (
            socket.create_connection(("127.0.0.1", port), 10) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
        ):
            yield Client(connection)

    def status(self, port: int, identity: Issued | None, *, server: Authority | None = None) -> int | None:
        """Return the status of an answer, or none where there is none at all."""
        try:
            with self.client(port, identity, server=server) as client:
                return client.ask().status
        except (OSError, EOFError):
            return None


def _counted(one: Served, number: int) -> bool:
    return one.denied.total() == number


@pytest.fixture
def pair(folder: Path) -> Pair:
    return Pair(folder)


class TestClientCertificate:
    def test_with_an_allowed_name_is_let_in_and_known(self, folder: Path, pair: Pair, loop: str) -> None:
        identity = pair.clients.issue("client.example", "other.example")
        with tcp(folder, pair.settings(), loop=loop) as one, pair.client(one.ports["tcp"], identity) as client:
            assert client.ask().said["names"] == ["dns:client.example", "dns:other.example"]
        assert not one.denied

    def test_that_is_expired_foreign_nameless_or_missing_gets_no_answer(
        self, folder: Path, pair: Pair, loop: str
    ) -> None:
        wrong = (
            (None, "handshake"),
            (pair.clients.issue("client.example", expired=True), "handshake"),
            (pair.server.issue("client.example"), "handshake"),
            (Authority().issue("client.example"), "handshake"),
            (pair.clients.issue("other.example"), "certificate"),
            (pair.clients.issue("sub.client.example"), "certificate"),
            (pair.clients.issue("*.example"), "certificate"),
        )
        with tcp(folder, pair.settings(), loop=loop) as one:
            for number, (identity, reason) in enumerate(wrong, 1):
                assert pair.status(one.ports["tcp"], identity) is None
                until(partial(_counted, one, number))
                assert one.denied[reason]
            assert one.tiny.asked == 0
            assert pair.status(one.ports["tcp"], pair.clients.issue("client.example")) == 200
        assert one.denied == {"handshake": 4, "certificate": 3}
        assert one.strangers[0] == "127.0.0.1 at tcp"
        assert one.strangers[4] == "dns:other.example at 127.0.0.1 at tcp"

    def test_is_needed_beside_the_token_where_both_are_configured(self, folder: Path, pair: Pair) -> None:
        settings = replace(pair.settings(), bearer=token_file(folder))
        with (
            tcp(folder, settings) as one,
            pair.client(one.ports["tcp"], pair.clients.issue("client.example")) as client,
        ):
            assert client.ask().status == 401
            assert client.ask("/", f"Authorization: Bearer {TOKEN}").status == 200

    @pytest.mark.parametrize(
        ("said", "names"),
        [
            (None, set()),
            ({}, set()),
            ({"subjectAltName": (("DNS", "A.Example"),)}, {"dns:a.example"}),
            ({"subjectAltName": (("URI", "spiffe://td/x"),)}, {"uri:spiffe://td/x"}),
            ({"subjectAltName": (("URI", "spiffe://td/x"), ("URI", "spiffe://td/y"))}, set()),
            ({"subjectAltName": (("URI", "spiffe://td/x"), ("URI", "urn:a"))}, {"uri:urn:a"}),
            ({"subjectAltName": (("IP Address", "127.0.0.1"), ("email", "dns:a@b.example"))}, set()),
            ({"subject": ((("commonName", "client.example"),),)}, set()),
        ],
    )
    def test_counts_by_its_alternative_names_only(self, said: dict[str, object] | None, names: set[str]) -> None:
        assert names_in(said) == names

    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    def test_is_asked_for_in_each_version_of_tls(
        self, folder: Path, pair: Pair, loop: str, version: ssl.TLSVersion
    ) -> None:
        identity = pair.clients.issue("client.example")
        with (
            tcp(folder, pair.settings(), loop=loop) as one,
            pair.client(one.ports["tcp"], identity, version=version) as client,
        ):
            assert client.ask().status == 200

    def test_of_a_caller_who_is_silent_is_waited_for_no_longer_than_the_handshake_may_take(
        self, folder: Path, pair: Pair, loop: str
    ) -> None:
        limits = Limits(handshake=0.3)
        with tcp(folder, pair.settings(), loop=loop, limits=limits) as one, Client.of(one.ports["tcp"]) as client:
            begin = time.monotonic()
            assert client.rest() == b""
            assert 0.2 < time.monotonic() - begin < 3
            until(lambda: one.denied["handshake"])

    def test_plain_http_is_not_answered(self, folder: Path, pair: Pair, loop: str) -> None:
        with tcp(folder, pair.settings(), loop=loop) as one, Client.of(one.ports["tcp"]) as client:
            client.send(b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"HTTP" not in client.rest()


@pytest.mark.fault(14)
class TestExchange:
    def test_of_the_own_certificate_needs_no_restart_and_ends_idle_connections(
        self, folder: Path, pair: Pair, loop: str
    ) -> None:
        identity, other = pair.clients.issue("client.example"), Authority()
        with tcp(folder, pair.settings(), loop=loop) as one, pair.client(one.ports["tcp"], identity) as client:
            client.ask()
            other.issue("127.0.0.1").write(folder / "own")
            until(lambda: pair.status(one.ports["tcp"], identity, server=other) == 200, 5)
            assert client.rest() == b""
            assert pair.status(one.ports["tcp"], identity) is None

    def test_that_is_half_done_keeps_the_old_ones(
        self, folder: Path, pair: Pair, caplog: pytest.LogCaptureFixture
    ) -> None:
        identity, other = pair.clients.issue("client.example"), Authority()
        new = other.issue("127.0.0.1")
        with tcp(folder, pair.settings()) as one:
            pair.certificate.write_text(new.certificate)
            until(lambda: "the certificates from before are kept" in caplog.text, 5)
            assert pair.status(one.ports["tcp"], identity) == 200
            pair.key.write_text(new.key)
            until(lambda: pair.status(one.ports["tcp"], identity, server=other) == 200, 5)
        assert "is not the key of" in caplog.text

    def test_of_the_authority_of_callers_shuts_out_those_of_the_old_one(self, folder: Path, pair: Pair) -> None:
        other = Authority()
        old, new = pair.clients.issue("client.example"), other.issue("client.example")
        with tcp(folder, pair.settings()) as one:
            assert pair.status(one.ports["tcp"], old) == 200
            other.write(folder / "clients")
            until(lambda: pair.status(one.ports["tcp"], new) == 200, 5)
            assert pair.status(one.ports["tcp"], old) is None

    @pytest.mark.parametrize("spoilt", ["certificate", "key", "client_ca"])
    def test_at_the_start_of_files_that_cannot_be_used_is_an_error(
        self, folder: Path, pair: Pair, spoilt: str
    ) -> None:
        path: Path = getattr(pair, spoilt)
        path.write_text("garbage")
        with pytest.raises(ConfigurationError, match=path.name), tcp(folder, pair.settings()):
            pass
