"""Who may come in follows the configuration that serves."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ocibroker.config import SidecarSettings, TCPListening, UnixListening
from ocibroker.errors import ConfigurationError
from ocibroker.sidecar.entrance import CLOSED, Entrance, entrances
from ocibroker.testing import Authority
from tests.cli.desk import Desk
from tests.free_port import free_port
from tests.sidecar.served import Client, Served, served, until
from tests.sidecar.stand import NAME, Stand, prefetching
from tests.sidecar.stranger import NOBODY, ask_as, only_root
from tests.sidecar.test_tcp import BEARER, TOKEN, Pair, tcp, token_file

OTHER = "0th3r" * 9


@pytest.fixture
def pair(folder: Path) -> Pair:
    return Pair(folder)


def entrance(tcp: TCPListening) -> Entrance:
    return entrances(SidecarSettings(tcp=tcp), monotonic=time.monotonic)["tcp"]


def renewed(one: Served, new: Entrance, name: str = "tcp") -> None:
    door = next(door for door in one.doors.values() if door.name == name)
    one.tell(lambda: door.renew(new))
    until(lambda: door.entrance is new)


def bearer(token: str) -> str:
    return f"Authorization: Bearer {token}"


class TestAnotherConfiguration:
    def test_has_another_bearer_file(self, folder: Path) -> None:
        (folder / "other").mkdir()
        with (
            tcp(folder, replace(BEARER, bearer=token_file(folder))) as one,
            Client.of(one.ports["tcp"]) as client,
        ):
            assert client.ask("/", bearer(TOKEN)).status == 200
            renewed(one, entrance(replace(BEARER, bearer=token_file(folder / "other", OTHER))))
            assert client.ask("/", bearer(TOKEN)).status == 401
            assert client.ask("/", bearer(OTHER)).status == 200

    def test_has_other_hosts(self, folder: Path) -> None:
        listening = replace(BEARER, bearer=token_file(folder), hosts=("old.example",))
        with tcp(folder, listening) as one:
            port = one.ports["tcp"]
            assert f"old.example:{port}" in one.doors["tcp"].listener.hosts
            renewed(one, entrance(replace(listening, hosts=("new.example",))))
            hosts = {f"127.0.0.1:{port}", f"localhost:{port}", f"new.example:{port}"}
            assert one.doors["tcp"].listener.hosts == hosts

    @pytest.mark.parametrize("more", [lambda ours: entrance(ours.settings("dns:other.example")), lambda _: CLOSED])
    def test_ends_the_connection_of_a_certificate_that_it_does_not_name(
        self, folder: Path, pair: Pair, more: Callable[[Pair], Entrance]
    ) -> None:
        identity = pair.clients.issue("client.example")
        with tcp(folder, pair.settings()) as one, pair.client(one.ports["tcp"], identity) as client:
            assert client.ask().status == 200
            renewed(one, more(pair))
            with pytest.raises((EOFError, ConnectionError)):
                client.ask()
            assert pair.status(one.ports["tcp"], identity) is None
            assert one.tiny.asked == 1

    def test_names_another_authority(self, folder: Path, pair: Pair) -> None:
        old, others = pair.clients.issue("client.example"), Authority()
        (folder / "others").mkdir()
        now = replace(pair.settings(), client_ca=others.write(folder / "others"))
        with tcp(folder, pair.settings()) as one, pair.client(one.ports["tcp"], old) as client:
            assert client.ask().status == 200
            renewed(one, entrance(now))
            with pytest.raises((EOFError, ConnectionError)):
                client.ask()
            assert pair.status(one.ports["tcp"], old) is None
            assert pair.status(one.ports["tcp"], others.issue("client.example")) == 200

    def test_lets_who_is_still_allowed_go_on(self, folder: Path, pair: Pair) -> None:
        identity = pair.clients.issue("client.example")
        with tcp(folder, pair.settings()) as one, pair.client(one.ports["tcp"], identity) as client:
            assert client.ask().status == 200
            now = replace(one.doors["tcp"].entrance, names=frozenset({"dns:client.example", "dns:more.example"}))
            renewed(one, now)
            assert client.ask().status == 200

    def test_lets_what_is_under_way_end_and_no_more(self, folder: Path, pair: Pair) -> None:
        identity = pair.clients.issue("client.example")
        with tcp(folder, pair.settings()) as one, pair.client(one.ports["tcp"], identity) as client:
            client.send(b"POST /slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
            until(one.tiny.begun.is_set)
            renewed(one, replace(one.doors["tcp"].entrance, names=frozenset({"dns:other.example"})))
            one.tell(one.tiny.go.set)
            assert client.reply().status == 200
            assert client.rest() == b""

    @only_root
    def test_has_other_users(self, folder: Path) -> None:
        listening = UnixListening(path=folder / "s", mode=0o666, allow_uids=frozenset({NOBODY}))
        settings = SidecarSettings(socket=listening)
        with served(settings) as one:
            assert " 200 OK" in ask_as(NOBODY, folder / "s")
            without = replace(settings, socket=replace(listening, allow_uids=frozenset()))
            renewed(one, entrances(without, monotonic=time.monotonic)["socket"], "socket")
            assert ask_as(NOBODY, folder / "s") in {"", "ConnectionResetError", "BrokenPipeError"}
            with Client.of(folder / "s") as own:
                assert own.ask().status == 200


TCP = "[sidecar.tcp]\n"
WRONG: dict[str, tuple[str, str]] = {
    "no callers": (f'{TCP}listen = "127.0.0.1:9464"', "sidecar.tcp: lets everybody on this machine in"),
    "no token": (
        f'{TCP}listen = "127.0.0.1:9464"\nbearer = "none"',
        "sidecar.tcp.bearer: {folder}/none: cannot be read",
    ),
    "no certificate": (
        f'{TCP}listen = "127.0.0.1:9464"\ncertificate = "none"\nkey = "none"\nbearer = "token"',
        "sidecar.tcp.certificate: {folder}/none: ",
    ),
    "no name": (
        f'{TCP}listen = "127.0.0.1:9464"\nbearer = "token"\nallow = ["client.example"]',
        "sidecar.tcp.allow: client.example: is no name of a certificate",
    ),
    "no user": ('owner = "nobody-of-that-name"', "sidecar.owner: 'nobody-of-that-name': is no user or group here"),
    "administrators kept out": (
        "admin_uids = [54321]",
        "sidecar.admin_uids: user 54321 may not call",
    ),
    "no token to act with": (
        'admin_bearer = "none"',
        "sidecar.admin_bearer: {folder}/none: cannot be read",
    ),
    "a token that the network would see": (
        'admin = "10.0.0.7:9465"\nadmin_bearer = "token"',
        "sidecar.admin_bearer: is of no effect at 10.0.0.7:9465",
    ),
    "users kept out": ("allow_uids = [54321]", "sidecar.allow_uids: names users whom the socket's mode keeps out"),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
class TestWhatTheNextStartWouldRefuse:
    def test_is_refused_by_a_reload_with_file_and_line(self, stand: Stand, text: str, message: str) -> None:
        token_file(stand.folder)

        async def work() -> ConfigurationError:
            succession = stand.succession()
            stand.write(prefetching(NAME, more=text))
            with pytest.raises(ConfigurationError) as caught:
                await succession.reload()
            await succession.close(0.1)
            return caught.value

        error = asyncio.run(work())
        assert f"{error.culprit}: {error.message}".startswith(f"{stand.path}:")
        assert error.culprit.rpartition(":")[2].isdigit()
        assert message.format(folder=stand.folder) in error.message

    def test_is_refused_by_a_check(self, tmp_path: Path, text: str, message: str) -> None:
        desk = Desk(tmp_path)
        path = desk.configure(f"[sidecar]\n{text}\n")
        token_file(path.parent)
        outcome = desk.run("config", "check")
        assert outcome.code == 2
        assert outcome.stderr.startswith(f"ocibroker: {path}:")
        assert message.format(folder=path.parent) in outcome.stderr


def test_a_check_reads_the_password_of_the_shared_store(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write("key", "0" * 64)
    path = desk.configure(
        f'[cache]\nstore = "rediss://store.test"\nencryption_key = {{ file = "{tmp_path}/key" }}\n'
        'password = { file = "none" }\n'
    )
    outcome = desk.run("config", "check")
    assert outcome.code == 2
    assert outcome.stderr.startswith(f"ocibroker: {path}:4: cache.password: ")


def test_a_supervisor_s_socket_has_its_own_mode(stand: Stand) -> None:
    stand.write(prefetching(NAME, more="allow_uids = [54321]"))
    generation = replace(stand.building, passed=True)(1)
    uids = generation.entrances["socket"].uids
    assert uids is not None
    assert 54321 in uids
    generation.broker.close()


@contextmanager
def serving(folder: Path, pair: Pair) -> Iterator[tuple[subprocess.Popen[bytes], int, Desk]]:
    """``ocibroker serve`` in a process, with TLS and a token, and the port at which it listens."""
    desk, port = Desk(folder), free_port()
    token_file(folder)
    written(desk, pair, port, "token")
    environ = {"PATH": os.environ["PATH"], **desk.environ}
    with subprocess.Popen(desk.command("serve"), env=environ, stderr=subprocess.DEVNULL) as child:
        try:
            until(lambda: answers(port))
            yield child, port, desk
        finally:
            child.kill()


def answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def written(desk: Desk, pair: Pair, port: int, token: str) -> None:
    paths = {"bearer": desk.home / token, "certificate": pair.certificate, "key": pair.key}
    named = "".join(f'{name} = "{path}"\n' for name, path in paths.items())
    desk.configure(f'[sidecar]\nsocket = "{desk.home}/s"\n{TCP}listen = "127.0.0.1:{port}"\n{named}')


def test_a_reload_of_the_whole_process_takes_access_away_and_no_connection(folder: Path, pair: Pair) -> None:
    with serving(folder, pair) as (child, port, desk), pair.client(port, None) as client:
        host = f"Host: 127.0.0.1:{port}"

        def status(token: str) -> int:
            lines = ("POST / HTTP/1.1", host, bearer(token), "Content-Length: 0", "", "")
            client.send("\r\n".join(lines).encode())
            return client.reply().status

        assert (status(TOKEN), status(OTHER)) == (404, 401)
        desk.write("other", OTHER)
        written(desk, pair, port, "other")
        child.send_signal(signal.SIGHUP)
        until(lambda: status(OTHER) == 404)
        assert status(TOKEN) == 401
