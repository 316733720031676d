"""The token services of the simulated world, as one function of true time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from ocibroker import Bearer, Credential, Secret
from ocibroker.errors import ConnectionFailed, CredentialUnavailable, OcibrokerError
from ocibroker.provider import Claim, FetchRequest, Identity, Options, Request, Target
from tests.simulation.day import Day
from tests.simulation.virtual_clock import VirtualClock

TROUBLE: dict[str, OcibrokerError] = {
    "outage": ConnectionFailed("broke the connection"),
    "throttled": ConnectionFailed("answered 429", retry_after=120),
    "refused": CredentialUnavailable("answered 403"),
}


@dataclass
class Upstream:
    """Issues tokens whose text says when they end, in true time; ``calls`` says when it was asked for which key."""

    day: Day
    clock: VirtualClock
    calls: list[tuple[float, int]] = field(default_factory=list)
    name: str = "simulated"
    options: type[Options] = Options

    def claim(self, target: Target) -> Claim | None:
        return None

    def identity(self, request: Request[Options]) -> Identity:
        return Identity((request.target.path,))

    def fetch(self, request: FetchRequest[Options]) -> Credential:
        key = int(request.target.path.removeprefix("key"))
        self.calls.append((self.clock.true, key))
        weather = self.day.weather(self.clock.true)
        if weather != "fair":
            raise TROUBLE[weather].restated()
        life = self.day.lives[key]
        expires = self.clock.now() + timedelta(seconds=life)
        return Bearer(secret=Secret(f"{self.clock.true + life!r}"), issued_at=self.clock.now(), expires_at=expires)
