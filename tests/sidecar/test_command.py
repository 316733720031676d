"""``ocibroker serve`` as a whole process: how it starts, what it survives, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from ocibroker.testing import Authority
from tests.free_port import free_port
from tests.sidecar.command import Sidecar
from tests.sidecar.served import Client, until
from tests.sidecar.stranger import NOBODY, only_root

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

GRACE = 2
FILE, SLOW = "file.test", "slow.test"
RULE = '[[registry]]\nmatch = "{}"\nprovider = "basic"\noptions = {{ username = "alice", password = {} }}\n'
PROGRAM = """\
#!/bin/sh
cd "${0%/*}" || exit
echo > started
while [ -e started ] && [ ! -e go ]; do sleep 0.02; done
echo of-the-program
"""


@pytest.fixture
def sidecar(folder: Path) -> Sidecar:
    """It has a password in a file, and another from a program that waits for :func:`let_go`."""
    (folder / "password").write_text("of-the-file")
    program = folder / "program"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    (folder / "config.toml").touch(mode=0o600)
    sidecar = Sidecar(folder, folder / "config.toml")
    configure(sidecar)
    return sidecar


def configure(sidecar: Sidecar, more: str = "", *, grace: int = GRACE) -> None:
    passwords = {FILE: '{ file = "password" }', SLOW: f'{{ exec = ["{sidecar.folder / "program"}"] }}'}
    rules = "".join(RULE.format(*entry) for entry in passwords.items())
    sidecar.config.write_text(f"{rules}[sidecar]\ngrace = {grace}\n{more}")


@contextmanager
def held(sidecar: Sidecar) -> Iterator[Client]:
    """Ask for what does not come before :func:`let_go`."""
    with sidecar.asked(SLOW) as client:
        until((sidecar.folder / "started").exists)
        yield client


def let_go(sidecar: Sidecar) -> None:
    (sidecar.folder / "go").touch()


def serves(sidecar: Sidecar) -> bool:
    reply = sidecar.ask(FILE)
    return (reply.status, b"of-the-file" in reply.body) == (200, True)


def seconds_to_end(process: subprocess.Popen[bytes]) -> float:
    """Wait for an end that must be a good one."""
    begin = time.monotonic()
    assert process.wait(20) == 0
    return time.monotonic() - begin


@pytest.mark.fault(23)
class TestStop:
    def test_what_is_under_way_is_answered_first(self, sidecar: Sidecar) -> None:
        configure(sidecar, grace=20)
        with sidecar.serving() as process, held(sidecar) as client:
            process.terminate()
            until(lambda: sidecar.get("/readyz").status_code == 503)
            assert not sidecar.socket.exists()
            let_go(sidecar)
            assert b"of-the-program" in client.reply().body
            assert process.wait(20) == 0

    def test_a_provider_that_hangs_is_not_waited_for_beyond_the_grace(self, sidecar: Sidecar) -> None:
        with sidecar.serving() as process, held(sidecar) as client:
            process.terminate()
            assert GRACE - 0.5 < seconds_to_end(process) < GRACE + 1
            assert client.rest() == b""

    @pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
    def test_a_second_signal_ends_it_at_once(self, sidecar: Sidecar, second: signal.Signals) -> None:
        configure(sidecar, grace=30)
        with sidecar.serving() as process, held(sidecar):
            process.terminate()
            until(lambda: sidecar.get("/readyz").status_code == 503)
            process.send_signal(second)
            assert seconds_to_end(process) < 3

    def test_without_anything_under_way_it_waits_for_nothing(self, sidecar: Sidecar) -> None:
        configure(sidecar, grace=30)
        with sidecar.serving() as process:
            process.terminate()
            assert seconds_to_end(process) < 3
        assert not sidecar.socket.exists()


@pytest.mark.fault(24)
def test_a_reload_of_what_is_wrong_leaves_the_old_configuration_and_says_so(sidecar: Sidecar) -> None:
    with sidecar.serving() as process:
        configure(sidecar, "colour = 1\n")
        process.send_signal(signal.SIGHUP)
        until(lambda: sidecar.told("config_reload"))
        (line,) = sidecar.told("config_reload")
        assert (line["level"], line["error_type"]) == ("error", "ConfigurationError")
        assert "sidecar.colour" in line["message"]
        assert sidecar.metric("ocibroker_config_last_reload_successful") == 0
        assert serves(sidecar)

        (sidecar.folder / "password").write_text("another")
        configure(sidecar)
        process.send_signal(signal.SIGHUP)
        until(lambda: sidecar.metric("ocibroker_config_generation") == 2)
        assert sidecar.metric("ocibroker_config_last_reload_successful") == 1
        assert b"another" in sidecar.ask(FILE).body


def test_a_hang_up_during_the_start_is_obeyed_after_it(sidecar: Sidecar) -> None:
    text = sidecar.config.read_bytes()
    sidecar.config.unlink()
    os.mkfifo(sidecar.config, 0o600)  # whoever opens it for writing knows that it is being read
    with sidecar.started() as process:
        file = os.open(sidecar.config, os.O_WRONLY)
        process.send_signal(signal.SIGHUP)
        os.write(file, text)
        os.close(file)
        until(partial(_reread, sidecar, text))


def _reread(sidecar: Sidecar, text: bytes) -> bool:
    """Give it the configuration again if it asks for that, and say whether it has two generations behind it."""
    with suppress(OSError):
        file = os.open(sidecar.config, os.O_WRONLY | os.O_NONBLOCK)
        os.write(file, text)
        os.close(file)
    return sidecar.is_up and sidecar.metric("ocibroker_config_generation") == 2


@pytest.mark.fault(14)
def test_a_certificate_that_is_exchanged_is_in_force_without_a_restart(
    sidecar: Sidecar, authority: Authority
) -> None:
    port, bearer = free_port(), sidecar.folder / "bearer"
    bearer.touch(mode=0o600)
    bearer.write_text("b" * 43)
    pair = [authority.issue("127.0.0.1") for _ in range(2)]
    certificate, key = pair[0].write(sidecar.folder / "tls")
    configure(
        sidecar,
        f'[sidecar.tcp]\nlisten = "127.0.0.1:{port}"\nbearer = "{bearer}"\n'
        f'certificate = "{certificate}"\nkey = "{key}"\n',
    )
    with sidecar.serving() as process:
        first = ssl.get_server_certificate(("127.0.0.1", port))
        pair[1].write(sidecar.folder / "tls")
        until(lambda: ssl.get_server_certificate(("127.0.0.1", port)) != first)
        assert process.poll() is None


@pytest.mark.fault(38)
def test_one_that_was_killed_while_it_asked_is_followed_by_one_that_serves(sidecar: Sidecar) -> None:
    with sidecar.serving() as process, held(sidecar) as client:
        process.kill()
        assert process.wait(20) == -signal.SIGKILL
        assert client.rest() == b""
    assert sidecar.socket.is_socket()
    let_go(sidecar)
    with sidecar.serving():
        assert serves(sidecar)
        assert b"of-the-program" in sidecar.ask(SLOW).body


@pytest.mark.fault(48)
def test_a_start_while_the_source_is_down_is_one_that_lives_and_tries_again(sidecar: Sidecar) -> None:
    (sidecar.folder / "password").unlink()
    configure(sidecar, f'prefetch = ["{FILE}"]\n')
    with sidecar.serving():
        until(lambda: sidecar.metric("ocibroker_refresh_errors_total") > 0)
        assert [sidecar.get(path).status_code for path in ("/livez", "/startupz", "/readyz")] == [200, 200, 503]
        (sidecar.folder / "password").write_text("of-the-file")
        until(lambda: sidecar.get("/readyz").status_code == 200, 60)
        assert serves(sidecar)


@pytest.mark.fault(47)
class TestLogs:
    def test_without_standard_streams_it_serves_and_writes_into_nothing_of_its_own(self, sidecar: Sidecar) -> None:
        closed = replace(sidecar, before=("/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"))
        with closed.serving() as process:
            for _ in range(50):
                assert serves(closed)
            files = {path.name: path.read_bytes() for path in sidecar.folder.glob("*.lock")}
            process.terminate()
            assert process.wait(20) == 0
        assert files == {"broker.sock.lock": b""}

    def test_a_pipe_that_nobody_empties_costs_lines_and_no_answer(self, sidecar: Sidecar) -> None:
        with sidecar.serving(subprocess.PIPE) as process:
            while not sidecar.metric("ocibroker_log_dropped_total"):
                assert all(serves(sidecar) for _ in range(200))
            process.terminate()
            assert seconds_to_end(process) < GRACE + 1


def test_drained_it_serves_who_comes_and_says_that_nobody_should(sidecar: Sidecar) -> None:
    configure(sidecar, f'audit = "{sidecar.folder}/audit.jsonl"\n')
    with sidecar.serving():
        assert (sidecar.get("/readyz").status_code, sidecar.metric("ocibroker_ready")) == (200, 1)
        assert sidecar.act("drain").json() == {"status": "drained"}
        assert (sidecar.get("/readyz").status_code, sidecar.metric("ocibroker_ready")) == (503, 0)
        assert sidecar.get("/livez").status_code == 200
        assert serves(sidecar)
        verdict = sidecar.get("/status.json").json()["verdict"]
        assert (verdict["standing"], verdict["reason"][:29]) == ("down", "somebody has had it drained: ")
        assert "drained" in sidecar.get("/").text
        assert sidecar.act("resume").json() == {"status": "ready"}
        assert sidecar.get("/readyz").status_code == 200
        assert sidecar.metric("ocibroker_admin_actions_total", action="drain", result="ok") == 1
        trail = sidecar.folder / "audit.jsonl"
        until(lambda: len([line for line in trail.read_text().splitlines() if "admin_action" in line]) == 2)
    said = [json.loads(line) for line in trail.read_text().splitlines()]
    actions = [(one["action"], one["outcome"]) for one in said if one["event"] == "admin_action"]
    assert actions == [("drain", "done"), ("resume", "done")]


@pytest.mark.fault(26)
def test_callers_who_leave_disturb_nobody(sidecar: Sidecar) -> None:
    with sidecar.serving(), sidecar.asked(SLOW) as waiting:
        until((sidecar.folder / "started").exists)
        for _ in range(20):
            sidecar.asked(SLOW).connection.close()
        let_go(sidecar)
        assert b"of-the-program" in waiting.reply().body
        assert sidecar.metric("ocibroker_refresh_total", provider="basic") == 1
        with sidecar.asked(FILE) as rude:
            rude.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        assert serves(sidecar)
    assert "Traceback" not in sidecar.log.read_text()
    assert [line for line in sidecar.told("log") if line["level"] in ("warning", "error")] == []


@linux
@only_root
def test_nobody_but_root_looks_inside_and_there_is_no_core(sidecar: Sidecar) -> None:
    drop = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    os.chown(sidecar.folder, NOBODY, NOBODY)
    for path in sidecar.folder.iterdir():
        os.chown(path, NOBODY, NOBODY)
    with replace(sidecar, before=drop).serving() as process:
        inside = Path(f"/proc/{process.pid}")
        assert (inside / "environ").stat().st_uid == 0
        assert f"Uid:\t{NOBODY}" in (inside / "status").read_text()
        assert re.search(r"^Max core file size +0 +0 ", (inside / "limits").read_text(), re.MULTILINE)
        process.send_signal(signal.SIGABRT)
        assert process.wait(20) == -signal.SIGABRT


def test_a_service_manager_is_told(sidecar: Sidecar) -> None:
    place = sidecar.folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(place))
        manager.settimeout(20)
        with replace(sidecar, environ={"NOTIFY_SOCKET": str(place)}).started() as process:
            assert manager.recv(99) == b"READY=1"
            assert serves(sidecar)
            process.terminate()
            assert manager.recv(99) == b"STOPPING=1"
            assert process.wait(20) == 0


def test_connections_are_counted_by_their_listener(sidecar: Sidecar) -> None:
    with sidecar.serving(), Client.of(sidecar.socket), Client.of(sidecar.socket):
        until(lambda: sidecar.metric("ocibroker_open_connections", listener="socket") == 2)
        assert sidecar.metric("ocibroker_open_connections", listener="admin") == 1
    assert not sidecar.told("peer_denied")
