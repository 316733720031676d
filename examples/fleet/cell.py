"""One combination of what a secret says: who one is, and how the registry is trusted."""

from __future__ import annotations

import base64
import itertools
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from examples.fleet.private_chart import MEDIA_TYPE, PrivateChart
from ocibroker import Broker, OcibrokerError
from ocibroker.bundle import Bundle, Terms, Wanted, read_many
from ocibroker.bundle.fleet import fleet_sources
from ocibroker.testing import Authority, EmbeddedRegistry

HOST, REPOSITORY = "charts.example.com", "team/app"
USER, PASSWORD = ("username", "password")

Trust = Literal["no CA", "cacerts", "insecureSkipVerify", "basicHTTP"]
TRUSTS: tuple[Trust, ...] = ("no CA", "cacerts", "insecureSkipVerify", "basicHTTP")


@dataclass(frozen=True)
class Cell:
    """``known`` is whether the secret has a user and a password, ``trust`` what else it has."""

    known: bool
    trust: Trust

    @property
    def is_founding(self) -> bool:
        """Whether it is the one that failed in fleet#3782."""
        return self.known and self.trust == "no CA"

    def played(self, chart: PrivateChart, files: Path, home: Path) -> str:
        """Mount the secret, serve the chart, read it, and return a line about it."""
        issuer = Authority()
        self._mount(files, home, issuer)
        with self._registry(files, issuer) as registry:
            registry.push(REPOSITORY, chart.version, chart.manifest, MEDIA_TYPE, chart.blobs)
            system = issuer if self.trust == "no CA" else Authority()
            with self._broker(home, registry, system) as broker:
                bundle = _read(broker, files / "repository", home / "out")
                trusted = _trusted(broker.explain(f"{HOST}/{REPOSITORY}").tls)
            secret = f"{'user, password' if self.known else 'nobody'}, {self.trust}:"
            return f"{secret:36}{bundle.root.name} as {_users(registry)}, {trusted}"

    def _mount(self, files: Path, home: Path, issuer: Authority) -> None:
        """Lay out configuration and secret as they are in a pod."""
        shutil.copy(files / "config.toml", home)
        secret = home / "helm"
        secret.mkdir()
        for key in (USER, PASSWORD) if self.known else ():
            shutil.copy(files / "secret" / key, secret)
        if self.trust != "no CA":
            (secret / self.trust).write_text(issuer.pem if self.trust == "cacerts" else "true")

    def _registry(self, files: Path, issuer: Authority) -> EmbeddedRegistry:
        user, password = ((files / "secret" / key).read_text().strip() for key in (USER, PASSWORD))
        tls = None if self.trust == "basicHTTP" else issuer.server_context(HOST)
        return EmbeddedRegistry(tls=tls, users={user: password} if self.known else {}, host=HOST)

    def _broker(self, home: Path, registry: EmbeddedRegistry, system: Authority) -> Broker:
        environ = {"HOME": str(home), "SSL_CERT_FILE": str(system.write(home / "system"))}

        def here(host: str, port: int) -> tuple[str, int]:
            return "127.0.0.1", registry.port

        return Broker.from_config(home / "config.toml", environ=environ, route=here)


CELLS = tuple(itertools.starmap(Cell, itertools.product((False, True), TRUSTS)))


def _read(broker: Broker, repository: Path, into: Path) -> Bundle:
    """Read the one chart that the repository names."""
    (wanted,) = fleet_sources(repository)
    if isinstance(wanted.source, OcibrokerError):
        raise wanted.source
    (outcome,) = read_many(broker, [Wanted(wanted.source)], into, Terms(unpack=False))
    if isinstance(outcome, OcibrokerError):
        raise outcome
    return outcome


def _users(registry: EmbeddedRegistry) -> str:
    """Return whom the registry has seen."""
    shown = [request.headers.get("Authorization", "") for request in registry.requests]
    users = {base64.b64decode(one.partition(" ")[2]).decode().partition(":")[0] for one in shown if one}
    return ", ".join(sorted(users)) or "nobody"


def _trusted(tls: Mapping[str, Any]) -> str:
    if tls["plain_http"]:
        return "over plain HTTP"
    if tls["insecure"]:
        return "over TLS, whoever issued the certificate"
    return f"over TLS, trusted by {'the CA of the secret' if tls['ca'] else 'a root of the system'}"
