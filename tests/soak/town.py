"""A cloud whose tokens live for seconds, a sidecar that has an identity there, and a registry for who has one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from tests.aws import emulator
from tests.aws.emulator import Aws
from tests.aws.iam import Key
from tests.aws.registries import ACCOUNT
from tests.e2e import cloud_registry
from tests.e2e.authority import Authority
from tests.e2e.cloud_registry import CloudRegistry
from tests.e2e.journey import Journey
from tests.e2e.workstation import Workstation
from tests.sidecar.command import Sidecar
from tests.soak.weather import Weather

HOST: Final = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com"
LIFE: Final = timedelta(seconds=25)


@dataclass(frozen=True)
class Town:
    """``used`` are the tokens that clients have shown, ``identity`` the key in the sidecar's environment."""

    aws: Aws
    weather: Weather
    registry: CloudRegistry
    sidecar: Sidecar
    identity: Key
    settings: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def workstation(self, name: str) -> Workstation:
        """Furnish a home of that name, whose clients have the sidecar's socket and nothing else."""
        home = self.sidecar.folder / "homes" / name.replace(" ", "-")
        return Workstation.create(home, self.settings, helpers={HOST: "ocibroker"})


@contextmanager
def founded(folder: Path, rules: str = "") -> Iterator[Town]:
    """Build one in ``folder``, for a block; the sidecar has ``rules`` too, and does not serve yet."""
    (folder / "authority").mkdir()
    authority, used = Authority.create(folder / "authority"), set[str]()
    tls = authority.issue(*emulator.NAMES).server_context()
    with (
        emulator.serving(tls) as aws,
        Weather.over(aws, tls) as weather,
        cloud_registry.serving(authority, _made(folder / "registry"), HOST, "/token") as registry,
    ):
        aws.registry.life = LIFE

        def accepts(username: str, password: str) -> bool:
            used.add(password)
            return aws.registry.accepts(username, password)

        with Journey.begun(registry, folder, {}, accepts=accepts, elsewhere=weather.route) as journey:
            key, config = aws.iam.user("node"), folder / "config.toml"
            config.touch(mode=0o600)
            config.write_text(f'{rules}[sidecar]\nprefetch = ["{HOST}"]\n')
            ways = journey.workstation.settings
            environ = {**ways, "AWS_ACCESS_KEY_ID": key.ident, "AWS_SECRET_ACCESS_KEY": key.secret}
            sidecar = Sidecar(_made(folder / "serve"), config, environ)
            settings = {**ways, "OCIBROKER_SOCKET": str(sidecar.socket)}
            yield Town(aws, weather, registry, sidecar, key, settings, used)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
