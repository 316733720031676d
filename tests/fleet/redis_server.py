"""Debian's ``redis-server``, on loopback, over TLS, with one user who may do what the manual lists."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import hiredis

from tests.docs.manual import ROOT
from tests.e2e.authority import Authority
from tests.e2e.requirement import executable
from tests.free_port import free_port

NAME: Final = "fleet-cache.test"
USER: Final = "ocibroker"
PASSWORD: Final = "p4ss-of-the-fleet"
ADMIN: Final = "4dmin-of-the-server"
_START: Final = 15.0
_ACL: Final = re.compile(r"ACL SETUSER ocibroker on >\S+ (?P<rules>.+)")


def documented_rules() -> str:
    """Return what the manual lets the user do."""
    found = _ACL.search((ROOT / "docs" / "redis.md").read_text())
    assert found is not None
    return found["rules"]


@dataclass
class RedisServer:
    """A server that can be stopped, started again at the same ports, and held."""

    folder: Path
    port: int
    plain_port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = self.folder / "redis.log"
        program = executable("redis-server", "apt-get install redis-server")
        # The kernel ends it with the tests, even if these are killed and clean nothing up.
        bound = [executable("setpriv", "apt-get install util-linux"), "--pdeathsig", "KILL", program]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [*bound, "redis.conf"], stdout=output, stderr=subprocess.STDOUT, cwd=self.folder, env={}
            )
        end = time.monotonic() + _START
        while time.monotonic() < end and self.process.poll() is None:
            try:
                assert self.ask("PING") == b"PONG"
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"the server does not listen:\n{log.read_text()}")

    def stop(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def hold(self) -> None:
        """Have it take connections, and answer nothing."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)

    def ask(self, *words: str | bytes | int) -> Any:  # noqa: ANN401  # whatever it answers
        """Ask as the administrator."""
        with socket.create_connection(("127.0.0.1", self.plain_port), 5) as connection:
            for command in (("AUTH", ADMIN), words):
                connection.sendall(hiredis.pack_command(command))  # type: ignore[arg-type]  # its stub knows one word
                reader = hiredis.Reader(notEnoughData=self)
                while (reply := reader.gets()) is self:
                    part = connection.recv(65536)
                    if not part:
                        raise ConnectionResetError
                    reader.feed(part)
        if isinstance(reply, hiredis.ReplyError):
            if str(reply).startswith("LOADING"):
                raise ConnectionRefusedError
            raise reply
        return reply

    def clients(self) -> int:
        """Return how many connections the user has."""
        return sum(f"user={USER} " in line for line in self.ask("CLIENT", "LIST").decode().splitlines())


@contextmanager
def serving(authority: Authority, folder: Path) -> Iterator[RedisServer]:
    """Serve from ``folder`` until the block ends."""
    certificate, port, plain = authority.issue(NAME, "localhost", "127.0.0.1"), free_port(), free_port()
    configuration = folder / "redis.conf"
    configuration.write_text(
        f"""
        bind 127.0.0.1
        port {plain}
        tls-port {port}
        tls-cert-file {certificate.chain}
        tls-key-file {certificate.key}
        tls-ca-cert-file {authority.bundle}
        tls-auth-clients optional
        save ""
        requirepass {ADMIN}
        user {USER} on >{PASSWORD} {documented_rules()}
        """
    )
    server = RedisServer(folder, port, plain)
    server.start()
    try:
        yield server
    finally:
        server.stop()
