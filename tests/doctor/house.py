"""Where an examination is made: a home, what the system trusts, and a secret that nobody may see."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import trustme

from ocibroker.testing import Authority, EmbeddedRegistry, chart
from tests.cli.desk import Desk, Outcome
from tests.transport.canary import Canary

APP = "team/app"


@dataclass(frozen=True)
class Step:
    """One step of a report."""

    id: str
    about: str
    state: str
    what: str
    cause: str
    cure: str


@dataclass(frozen=True)
class Report:
    code: int
    steps: tuple[Step, ...]

    def of(self, step: str) -> Step:
        """Return the worst finding of a step."""
        order = ("ok", "skipped", "warning", "failed")
        found = [one for one in self.steps if one.id == step]
        assert found, f"{step} is not among {[one.id for one in self.steps]}"
        return max(found, key=lambda one: order.index(one.state))

    @property
    def failed(self) -> list[str]:
        return [one.id for one in self.steps if one.state == "failed"]


@dataclass(frozen=True)
class Visit:
    """What to examine, and the variables that are set."""

    target: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class House:
    """``root`` is what the system trusts, ``canary`` every password."""

    desk: Desk
    canary: Canary = field(default_factory=Canary)

    @cached_property
    def root(self) -> Authority:
        return Authority()

    @property
    def folder(self) -> Path:
        return self.desk.config.parent

    @property
    def password(self) -> str:
        return self.canary.ascii.reveal()

    def write(self, name: str, text: str, mode: int = 0o600) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(text)
        path.chmod(mode)
        return path

    def rule(self, match: str, *, password: str = "", provider: str = "basic", more: str = "") -> str:
        """Return a rule for alice, whose password lies in a file."""
        self.write("password", password or self.password)
        options = 'options = { username = "alice", password = { file = "password" } }'
        return f'[[registry]]\nmatch = "{match}"\nprovider = "{provider}"\n{options}\n{more}\n'

    def entry(self, match: str, lines: str) -> str:
        """Return how a host is reached and trusted, as ``lines`` say."""
        return f'[[tls]]\nmatch = "{match}"\n{lines}\n'

    @contextmanager
    def registry(self, *, authority: Any = None, tls: Any = None, **settings: Any) -> Iterator[EmbeddedRegistry]:  # noqa: ANN401
        """A private registry with one chart in it, which the system trusts unless told otherwise."""
        context = tls or (authority or self.root).server_context("localhost")
        given = {"users": {"alice": self.password}, "auth": "token", "tls": context, **settings}
        app = chart("app", "1.2.3")
        with EmbeddedRegistry(**given) as registry:
            registry.push(APP, app.tag, app.manifest, app.media_type, app.blobs)
            yield registry

    def run(self, visit: Visit, *argv: str) -> Outcome:
        roots = self.root.write(self.desk.home / "roots")
        environ = {"SSL_CERT_FILE": str(roots), "OCIBROKER_SOCKET": "off", **visit.environ}
        target = [visit.target] if visit.target else []
        return self.desk.run("doctor", *target, *argv, **environ)

    def report(self, visit: Visit, *argv: str) -> Report:
        return report_of(self.run(visit, "--json", *argv))


def report_of(outcome: Outcome) -> Report:
    assert outcome.stdout, outcome.stderr
    data = json.loads(outcome.stdout)
    return Report(outcome.code, tuple(Step(**one) for one in data["steps"]))


def unpacked(bundle: Path) -> dict[str, str]:
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def server_context(leaf: trustme.LeafCert, *, chain: bool = True) -> Any:  # noqa: ANN401
    """Return a server's context with that certificate; without ``chain``, alone."""
    import ssl
    import tempfile

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        pems = leaf.cert_chain_pems if chain else leaf.cert_chain_pems[:1]
        file.write(leaf.private_key_pem.bytes() + b"".join(pem.bytes() for pem in pems))
        file.flush()
        context.load_cert_chain(file.name)
    return context
