"""Registries of one sidecar, each with an identity of its own, and the files that it reads them from."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final, Self

from ocibroker.testing import Authority
from tests.aws import emulator
from tests.aws.shared_files import kept, section
from tests.free_port import free_port
from tests.sidecar.command import Sidecar
from tests.soak.town import HOST, Town

DOOMED_LIFE: Final = timedelta(seconds=10)
"""That of the identity which is to be revoked: it is asked for often, so that this is noticed soon."""
GRACE: Final = 5
"""Seconds."""
_ENDPOINT: Final = "api.ecr.eu-west-1.amazonaws.com"


@dataclass(frozen=True)
class Fleet:
    """``hosts`` says whose each registry is; ``doomed`` is one more, whose identity will be revoked.

    ``authority`` has issued the certificate of the token service, of which ``ca`` tells, and that of the sidecar's
    own listener for TCP at ``port``, which lies in ``tls``; ``bearer`` is what its callers send. A token lives for
    ``life``.
    """

    town: Town
    sidecar: Sidecar
    hosts: Mapping[str, str]
    doomed: str
    authority: Authority
    ca: Path
    tls: Path
    port: int
    bearer: Path
    life: timedelta

    @classmethod
    def settled(cls, town: Town, size: int, life: timedelta) -> Self:
        """Make the identities and write the files; the sidecar's environment holds no secret any more."""
        folder = town.sidecar.folder
        hosts = {f"{200_000_000_000 + one}.dkr.ecr.eu-west-1.amazonaws.com": f"key{one}" for one in range(size)}
        doomed = f"{100_000_000_000}.dkr.ecr.eu-west-1.amazonaws.com"
        ways = {name: value for name, value in town.sidecar.environ.items() if not name.startswith("AWS_")}
        fleet = cls(
            town=town,
            sidecar=replace(town.sidecar, environ=ways),
            hosts=hosts,
            doomed=doomed,
            authority=Authority(),
            ca=folder / "token-service.pem",
            tls=folder / "tls",
            port=free_port(),
            bearer=folder / "bearer",
            life=life,
        )
        fleet._enrol()
        fleet.trust(fleet.authority)
        fleet.show(fleet.authority)
        fleet.exchange_own()
        fleet.bearer.touch(mode=0o600)
        fleet.bearer.write_text(secrets.token_urlsafe(48))
        fleet.configure()
        return fleet

    @property
    def principals(self) -> dict[str, str]:
        """Whose tokens each registry takes, as the cloud calls them."""
        return {host: f"user/{name}" for host, name in {**self.hosts, self.doomed: "doomed"}.items()}

    def trust(self, *authorities: Authority) -> None:
        """Have the sidecar trust these, and no others, at the token service."""
        new = self.ca.with_suffix(".new")
        new.write_text("".join(one.pem for one in authorities))
        new.replace(self.ca)

    def show(self, authority: Authority) -> None:
        """Have the token service show a certificate of ``authority``."""
        self.town.weather.show(authority.issue(*emulator.NAMES))

    def exchange_own(self) -> None:
        """Give the sidecar's own listener another certificate."""
        self.authority.issue("127.0.0.1").write(self.tls)

    def configure(self, more: str = "") -> None:
        """Write the configuration, with ``more`` in the sidecar's table."""
        profiles = {**self.hosts, self.doomed: "doomed"}
        rules = (
            f'[[registry]]\nmatch = "{host}"\nprovider = "ecr"\noptions = {{ profile = "{profile}" }}\n'
            for host, profile in profiles.items()
        )
        self.sidecar.config.write_text(
            f'{"".join(rules)}[[tls]]\nmatch = "{_ENDPOINT}"\nca = ["{self.ca}"]\n'
            f'[sidecar]\nprefetch = ["{HOST}"]\ngrace = {GRACE}\n{more}'
            f'[sidecar.tcp]\nlisten = "127.0.0.1:{self.port}"\nbearer = "{self.bearer}"\n'
            f'certificate = "{self.tls / "cert.pem"}"\nkey = "{self.tls / "key.pem"}"\n'
        )

    def _enrol(self) -> None:
        aws, sections = self.town.aws, [section("default", self.town.identity)]
        for name in (*self.hosts.values(), "doomed"):
            sections.append(section(name, aws.iam.user(name)))
            aws.registry.lives[f"user/{name}"] = self.life
        aws.registry.lives["user/doomed"] = DOOMED_LIFE
        kept(self.sidecar.folder, credentials="".join(sections))
