"""What a sidecar is made of without its listeners: configuration, provider, clock and what has happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from ocibroker import Bearer, Credential, Secret, Target
from ocibroker.errors import OcibrokerError
from ocibroker.events import Event, Report
from ocibroker.provider import FetchRequest, Identity
from ocibroker.sidecar.building import Building
from ocibroker.sidecar.succession import Succession
from tests.transport.brokers import made_rule
from tests.transport.hand_clock import HandClock
from tests.transport.made_provider import MadeProvider, NoOptions, Plugin

HOST = "registry.test"
NAME = f"{HOST}/app"
TARGET = Target.parse(NAME)
HOUR = 3600.0
E = TypeVar("E")


@dataclass
class Stand:
    """``failure`` is what its provider ``made`` raises; each token's text has the number of the call."""

    folder: Path
    roots: Path
    clock: HandClock
    failure: OcibrokerError | None = None
    life: float = HOUR
    instead: Callable[[FetchRequest[NoOptions]], Credential] | None = None
    identity: Callable[[], Identity] = lambda: Identity(("made",))  # a test may exchange it
    environ: Mapping[str, str] = field(default_factory=dict)
    process: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.provider = MadeProvider(self._fetch, identity=lambda: self.identity())
        self.write(prefetching(NAME))

    @property
    def path(self) -> Path:
        return self.folder / "config.toml"

    def write(self, text: str) -> None:
        self.path.touch(mode=0o600)
        self.path.write_text(text)

    @property
    def building(self) -> Building:
        return Building(
            path=self.path,
            environ={"SSL_CERT_FILE": str(self.roots), **self.environ},
            process=self.process,
            clock=self.clock,
            plugins=[Plugin(self.provider)],
            observe=self.events.append,
        )

    def succession(self) -> Succession:
        building = self.building
        return Succession(building(1), building, clock=self.clock, report=Report(self.events.append))

    def told(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def _fetch(self, request: FetchRequest[NoOptions]) -> Credential:
        if self.instead:
            return self.instead(request)
        if self.failure:
            raise self.failure.restated()
        expires = self.clock.now() + timedelta(seconds=self.life)
        return Bearer(secret=Secret(f"token-{self.provider.fetched}"), expires_at=expires)


def prefetching(*targets: str, more: str = "", rules: str = made_rule(HOST)) -> str:
    """A configuration that keeps ``targets`` fresh."""
    listed = ", ".join(f'"{target}"' for target in targets)
    return f"{rules}[sidecar]\nprefetch = [{listed}]\n{more}\n"
