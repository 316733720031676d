"""``ocibroker status``, and the page of a whole process."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from ocibroker.api.status import Standing, Status, Verdict
from ocibroker.testing import Authority, EmbeddedRegistry
from tests.cli import acme
from tests.cli.desk import Desk as Home
from tests.free_port import free_port
from tests.sidecar.command import Sidecar
from tests.sidecar.served import Client, request, until
from tests.status import samples
from tests.status.shown import shown
from tests.transport.brokers import Desk, rule
from tests.transport.canary import Canary

RULE = """\
[[registry]]
match = "{}"
provider = "basic"
options = {{ username = "alice", password = {{ file = "{}" }} }}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def asking(registry: str, repository: str) -> bytes:
    body = json.dumps({"registry": registry, "repository": repository}).encode()
    return request("/v1/credentials", "Ocibroker-Request: 1", "Content-Type: application/json", body=body)


def standing(word: Standing) -> Status:
    made = samples.status(samples.targets(3))
    return msgspec.structs.replace(
        made, verdict=Verdict(standing=word, reason="that is so", since=samples.NOW, cure="do")
    )


@pytest.mark.parametrize(("word", "code"), [("ok", 0), ("degraded", 1), ("down", 2)])
def test_the_exit_code_is_the_verdict(home: Home, desk: Desk, folder: Path, word: Standing, code: int) -> None:
    with shown(desk.broker(), folder, lambda _: standing(word)) as address:
        done = home.run("status", "--admin", address)
    assert done.code == code
    assert done.stdout.startswith(word.upper())
    assert "that is so" in done.stdout
    assert samples.target(0, "failing").target in done.stdout


def test_certificates_that_have_ended_or_soon_will_are_told(home: Home, desk: Desk, folder: Path) -> None:
    with shown(desk.broker(), folder, lambda _: samples.status(samples.targets(9))) as address:
        lines = home.run("status", "--admin", address).stdout.splitlines()
    told = [line.split(maxsplit=1) for line in lines if line.startswith(("expired ", "ends soon"))]
    assert [line for line in lines if line.startswith("ends soon") and "of api.ecr.eu-west-1.amazonaws.com" in line]
    assert [line for line in lines if line.startswith("ends soon") and "listener tcp" in line]
    assert not [line for line in lines if "client_ca tcp" in line], told


@pytest.mark.parametrize("option", [["--json"], ["--output", "json"]])
def test_in_json_it_is_what_the_sidecar_sent(home: Home, desk: Desk, folder: Path, option: list[str]) -> None:
    many = samples.targets(250)
    with shown(desk.broker(), folder, lambda number: samples.status(many, page=number)) as address:
        done = home.run("status", "--admin", address, "--page", "3", *option)
    assert msgspec.json.decode(done.stdout, type=Status) == samples.status(many, page=3)
    assert done.stdout.isascii()


def test_where_to_ask_is_configured(home: Home, desk: Desk, folder: Path) -> None:
    with shown(desk.broker(), folder, lambda _: standing("ok")) as address:
        home.configure(f'[sidecar]\nadmin = "{address}"\n')
        assert home.run("status").code == 0


def test_without_an_address_it_says_what_to_do(home: Home) -> None:
    done = home.run("status")
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr == "ocibroker: sidecar.admin: is not set (set it, or name the address by --admin)\n"


def test_where_nobody_answers_it_is_down(home: Home) -> None:
    done = home.run("status", "--admin", f"127.0.0.1:{free_port()}")
    assert (done.code, done.stdout) == (2, "")
    assert "nobody answers (start `ocibroker serve`" in done.stderr


@contextmanager
def saying(answer: bytes) -> Iterator[str]:
    """Something else listens, and says that to the first who comes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        thread.join(10)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "answered 404"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "is no status of ocibroker"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\xff\xff\xff", "is no status of ocibroker"),
        (b"SSH-2.0-OpenSSH_9\r\n", "nobody answers"),
        (b"", "nobody answers"),
    ],
)
def test_who_else_answers_is_no_sidecar(home: Home, answer: bytes, why: str) -> None:
    with saying(answer) as address:
        done = home.run("status", "--admin", address)
    assert (done.code, done.stdout) == (2, "")
    assert why in done.stderr


@pytest.mark.parametrize("text", samples.HOSTILE, ids=lambda text: ascii(text[:20]))
def test_hostile_text_does_not_steer_the_terminal(home: Home, desk: Desk, folder: Path, text: str) -> None:
    with shown(desk.broker(), folder, lambda _: samples.hostile(text)) as address:
        done = home.run("status", "--admin", address)
    assert all(line.isprintable() for line in done.everything.splitlines())


def test_it_is_shown_again_until_it_is_interrupted(home: Home, desk: Desk, folder: Path) -> None:
    asked = list[int]()

    def counted(number: int) -> Status:
        asked.append(number)
        return standing("ok")

    with shown(desk.broker(), folder, counted) as address:
        command = home.command("status", "--admin", address, "--watch", "--every", "0.1", "--json")
        with subprocess.Popen(command, env={"HOME": str(home.home)}, stdout=subprocess.PIPE, text=True) as process:
            until(lambda: len(asked) >= 3, 30)
            process.send_signal(signal.SIGINT)
            told, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert len({json.loads(line)["verdict"]["standing"] for line in told.splitlines()}) == 1
    assert len(told.splitlines()) >= 2


class TestWholeProcess:
    @pytest.fixture
    def canary(self) -> Canary:
        return Canary()

    @pytest.fixture
    def sidecar(self, folder: Path, canary: Canary) -> Sidecar:
        (folder / "password").write_text(canary.secret.reveal())
        config = folder / "config.toml"
        config.touch(mode=0o600)
        rules = RULE.format("good.test", "password") + RULE.format("bad.test", "none")
        config.write_text(f'{rules}[sidecar]\nprefetch = ["good.test/app", "bad.test/app", "mistyped.test/app"]\n')
        return Sidecar(folder, config)

    def test_it_shows_what_is_so_and_no_secret(self, sidecar: Sidecar, canary: Canary, home: Home) -> None:
        with sidecar.serving():
            until(lambda: self.states(sidecar) == {"failing": 1, "nobody": 1, "static": 1}, 30)
            sidecar.ask("good.test")
            sidecar.act("reload")
            page, data = sidecar.get("/"), sidecar.get("/status.json")
            done = home.run("status", "--admin", sidecar.admin)
            watched = subprocess.run(
                [sys.executable, "-m", "ocibroker", "status", "--admin", sidecar.admin, "--json"],
                env={"HOME": str(home.home)},
                capture_output=True,
                text=True,
                check=False,
            )
        assert (page.headers["content-type"], page.headers["cache-control"]) == (
            "text/html; charset=utf-8",
            "no-store",
        )
        assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
        assert data.headers["content-type"] == "application/json"
        told = msgspec.json.decode(data.content, type=Status)
        assert told.verdict.standing == "degraded"
        assert "bad.test/app: file" in told.verdict.reason
        assert told.cache.answers == {"hit": 1}
        assert told.configuration.generation == 2
        found = {one.name: one for one in told.listeners}
        assert (found["socket"].mode, found["admin"].connections) == ("0600", 1)
        assert (done.code, watched.returncode) == (1, 1)
        for text in (page.text, data.text, done.everything, watched.stdout, sidecar.log.read_text()):
            assert canary.hits(text) == []

    def test_callers_of_a_target_are_counted_also_where_they_repeat_themselves(
        self, sidecar: Sidecar, home: Home
    ) -> None:
        with sidecar.serving():
            until(lambda: self.states(sidecar).get("static") == 1, 30)
            with Client.of(sidecar.socket) as client:
                for _ in range(5):
                    client.send(asking("good.test", "app/inside"))
                    assert client.reply().status == 200
            told = msgspec.json.decode(sidecar.get("/status.json").content, type=Status)
            page, done = sidecar.get("/").text, home.run("status", "--admin", sidecar.admin)
        served = {one.target: one.served for one in told.targets}
        assert served == {"good.test/app": {"hit": 5}, "bad.test/app": {}, "mistyped.test/app": {}}
        assert "<dt>in the last 5 min</dt><dd><bdi>5 hit</bdi></dd>" in page
        assert "5 hit" in next(line for line in done.stdout.splitlines() if "good.test/app" in line)

    def test_who_gets_a_token_in_exchange_counts_once_and_who_is_denied_does_not(
        self, folder: Path, authority: Authority, roots: Path
    ) -> None:
        config = folder / "config.toml"
        config.touch(mode=0o600)
        with EmbeddedRegistry(
            tls=authority.server_context("localhost"), auth="token", users={"alice": "wonder"}
        ) as registry:
            target = f"{registry.address}/app"
            config.write_text(f'{rule(registry.address)}[sidecar]\nexchange = true\nprefetch = ["{target}"]\n')
            sidecar = Sidecar(folder, config, {"SSL_CERT_FILE": str(roots)})
            with sidecar.serving():
                until(lambda: self.states(sidecar) == {"static": 1}, 30)
                with Client.of(sidecar.socket) as client:
                    statuses = []
                    for host in (registry.address, registry.address, "unnamed.test"):
                        client.send(asking(host, "app"))
                        statuses.append(client.reply().status)
                told = self.told(sidecar)
                itself, denied = (
                    sidecar.metric("ocibroker_token_requests_total", **labels)
                    for labels in ({"frontend": "lib"}, {"outcome": "denied"})
                )
        assert statuses == [200, 200, 403]
        assert told.targets[0].served == told.cache.answers == {"refreshed": 1, "hit": 1}
        assert (itself > 0, denied) == (True, 1)

    def test_an_action_is_on_the_timeline_and_counts_at_once(self, sidecar: Sidecar) -> None:
        with sidecar.serving():
            until(lambda: self.states(sidecar).get("static") == 1, 30)
            assert sidecar.act("evict", target="good.test/app").json() == {"evicted": True}
            until(lambda: self.states(sidecar).get("static") == 1, 10)
            told = msgspec.json.decode(sidecar.get("/status.json").content, type=Status)
        assert f"uid {os.geteuid()} asked for: evict good.test/app" in [change.text for change in told.timeline]

    def test_the_log_is_turned_up_for_a_while(self, sidecar: Sidecar) -> None:
        with sidecar.serving():
            assert sidecar.act("log-level", level="error", seconds=60).status_code == 200
            told = msgspec.json.decode(sidecar.get("/status.json").content, type=Status)
        assert (told.process.log_level, told.process.log_level_until is not None) == ("error", True)

    @pytest.fixture
    def plugged(self, folder: Path) -> Sidecar:
        """One with another's plugin, which lies in ``packages``."""
        packages, config = acme.install(folder / "packages"), folder / "config.toml"
        config.touch(mode=0o600)
        rules = '[[registry]]\nmatch = "acme.test"\nprovider = "acme"\noptions = { kind = "bearer" }\n'
        config.write_text(f'{rules}[sidecar]\nprefetch = ["acme.test/app"]\n')
        return Sidecar(folder, config, {"PYTHONPATH": str(packages), "ACME_IMPORTED": str(folder / "imported")})

    def test_a_plugin_that_is_upgraded_before_anybody_looks_is_told_as_it_runs(
        self, plugged: Sidecar, folder: Path
    ) -> None:
        info = folder / "packages" / "acme_registry-4.2.dist-info"
        with plugged.serving():
            (info / "METADATA").write_text((info / "METADATA").read_text().replace("4.2", "5.0"))
            (info / "RECORD").write_text("another,,\n")
            counted = plugged.metric("ocibroker_plugin_info", plugin="acme", version="4.2")
            (told,) = (one for one in self.told(plugged).providers if one.name == "acme")
        digest = hashlib.sha256(acme.RECORD.encode()).hexdigest()
        assert (told.version, told.record, counted) == ("4.2", digest, 1)

    def test_a_plugin_is_told_by_what_was_installed_when_it_was_first_looked_at(
        self, plugged: Sidecar, folder: Path, home: Home
    ) -> None:
        sidecar, packages = plugged, folder / "packages"
        with sidecar.serving():
            until(lambda: self.states(sidecar) == {"fresh": 1}, 30)
            before = self.told(sidecar)
            (packages / "acme_registry-4.2.dist-info" / "RECORD").write_text("another,,\n")
            assert sidecar.act("reload").status_code == 200
            page, done = sidecar.get("/").text, home.run("status", "--admin", sidecar.admin).stdout
            after = self.told(sidecar)
        found = {one.name: one for one in before.providers}
        digest = hashlib.sha256(acme.RECORD.encode()).hexdigest()
        assert (found["acme"].record, found["acme"].version, found["acme"].built_in) == (digest, "4.2", False)
        assert found["acme"].p99 is not None
        assert found["acme"].p99 < 5
        assert (found["docker-config"].built_in, found["docker-config"].record, found["docker-config"].p99) == (
            True,
            "",
            None,
        )
        assert {one.name: one.record for one in after.providers}["acme"] == digest
        assert f"acme-registry 4.2, RECORD {digest[:16]}…, p99 of its fetches" in page
        assert digest in "".join(done.split())

    def told(self, sidecar: Sidecar) -> Status:
        return msgspec.json.decode(sidecar.get("/status.json").content, type=Status)

    def states(self, sidecar: Sidecar) -> dict[str, int]:
        found: dict[str, int] = sidecar.get("/status.json").json()["states"]
        return found
