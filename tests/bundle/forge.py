"""A server of git repositories, brokers that know it, and the folder that bundles are read into."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ocibroker import Broker
from ocibroker.bundle import Bundle, Limits, Source, Terms, read
from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.e2e.account import Account
from tests.e2e.git_server import GitServer
from tests.transport.answering_server import AnsweringServer, answering
from tests.transport.brokers import Desk, rule
from tests.transport.canary import Canary

Before = Callable[[Request], CannedResponse | None]


@dataclass
class Forge:
    """``git`` has the repositories, ``running`` remembers what it was sent, ``before`` may answer in its place.

    ``runtime`` is where a user keeps what is private, in memory where that can be.
    """

    git: GitServer
    desk: Desk
    canary: Canary
    folder: Path
    runtime: Path
    running: AnsweringServer = field(init=False)
    before: Before = field(default=lambda _: None)

    @property
    def address(self) -> str:
        return f"localhost:{self.running.port}"

    def url(self, path: str, more: str = "") -> str:
        return f"git::https://{self.address}/{path}.git{more}"

    def rule(self, path: str = "", password: str = "") -> str:
        """A rule that gives alice's password for that path of the server; by default the canary."""
        return rule(f"{self.address}/{path}".rstrip("/"), password=password or self.canary.ascii.reveal())

    def broker(self, *rules: str, environ: Mapping[str, str] | None = None) -> Broker:
        usual = {"PATH": os.environ["PATH"], "HOME": str(self.desk.folder), "XDG_RUNTIME_DIR": str(self.runtime)}
        return self.desk.broker("\n".join(rules), environ={**usual, **(environ or {})})

    def read(self, source: Source | str, broker: Broker | None = None, terms: Terms | None = None) -> Bundle:
        return read(
            broker or self.broker(self.rule()), source, self.folder, terms or Terms(limits=Limits(seconds=60))
        )

    def answer(self, request: Request) -> CannedResponse:
        return self.before(request) or self.git.answer(request)

    @property
    def left(self) -> list[str]:
        """What lies where bundles and private files do."""
        return sorted(path.name for folder in (self.folder, self.runtime) for path in folder.rglob("*"))

    def hits(self) -> list[str]:
        """Each form of the canary in anything that the server was sent."""
        return [hit for request in self.running.requests for hit in self.canary.hits(repr(request))]


@contextmanager
def forge(folder: Path, roots: Path, tls: ssl.SSLContext, canary: Canary) -> Iterator[Forge]:
    for name in ("home", "run", "bundles", "server"):
        (folder / name).mkdir(parents=True)
    account = Account("alice", canary.ascii.reveal())
    server = GitServer(folder / "server", {"private": account})
    desk = Desk(folder / "home", roots)
    made = Forge(server, desk, canary, folder / "bundles", folder / "run")
    with answering(made.answer, tls) as made.running:
        yield made
    desk.close()


def by_git(request: Request) -> bool:
    """Whether it is git's own, and not the one that looks first."""
    return (request.headers.get("user-agent") or "").startswith("git/")
