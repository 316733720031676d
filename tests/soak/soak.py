"""Callers and real clients, served by a sidecar while everything goes wrong that can."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from tests.settled import settled
from tests.sidecar.served import until
from tests.soak.asked import Asked, read
from tests.soak.caller import calling
from tests.soak.duty import Duty
from tests.soak.evidence import Evidence, Issued
from tests.soak.fleet import GRACE, Fleet
from tests.soak.leaks import Written
from tests.soak.scene import Scene
from tests.soak.schedule import Span, conducted
from tests.soak.shift import Shift
from tests.soak.town import Town, founded
from tests.soak.vitals import Look

KEYS: Final = 100
RATE: Final = 100.0
"""Questions a second, so that each key is asked for once a second."""
_LIFE: Final = 40.0, 0.5
"""Seconds that a token lives at least, and the share of the whole time that it lives otherwise."""
_REST: Final = 2.0, 1 / 120
"""The same of what a real client rests after each run, so that the machine is the sidecar's."""
_PATIENCE: Final = 60.0
_LOOK: Final = 0.5


def soak(seconds: float, folder: Path) -> Evidence:
    """Do that in ``folder``, and return what was seen."""
    life = timedelta(seconds=max(_LIFE[0], _LIFE[1] * seconds))
    with founded(folder) as town:
        fleet = Fleet.settled(town, KEYS, life)
        with Duty.begun(fleet.sidecar) as duty:
            until(lambda: fleet.sidecar.get("/readyz").status_code == 200, _PATIENCE)
            return _watched(seconds, Shift(fleet, max(_REST[0], _REST[1] * seconds)), duty, folder / "asked")


def _watched(seconds: float, shift: Shift, duty: Duty, into: Path) -> Evidence:
    fleet, spans, looks, written = shift.fleet, list[Span](), list[Look](), Written()
    begin = time.time()
    with calling(duty.sidecar.socket, [*fleet.hosts, fleet.doomed], RATE, into):
        until(lambda: len(fleet.town.aws.registry.issued) > KEYS, _PATIENCE)
        with shift.at_work(), _looking(duty, looks):
            for span in conducted(seconds, Scene(fleet, duty, _pause)):
                spans.append(span)
                written.look(duty)
        end, counted = time.time(), _counted(fleet.town, duty)
        expired = duty.sidecar.metric("ocibroker_expired_token_served_total")
        flood = _flood(duty)
        stopped = duty.stop()
    written.read(duty.sidecar.log)
    secrets = [*fleet.town.aws.registry.issued, *(key.secret for key in fleet.town.aws.iam.keys.values())]
    secrets.append(fleet.bearer.read_text())
    return Evidence(
        begin=begin,
        end=end,
        life=fleet.life.total_seconds(),
        asked=_within(begin, end, read(into)),
        visits=_within(begin, end, shift.visits),
        runs=shift.runs,
        rotations=shift.rotations,
        hosts=fleet.principals,
        doomed=fleet.doomed,
        issued=_issued(fleet.town),
        calls=fleet.town.weather.calls,
        spans=spans,
        looks=looks,
        began=duty.starts[-1],
        counted=counted,
        expired=expired,
        used=len(fleet.town.used),
        flood=flood,
        leaks=written.leaks(secrets),
        secrets=len(secrets),
        stopped=stopped,
        grace=GRACE,
    )


def _pause(seconds: float) -> None:
    time.sleep(max(seconds, 0))


@contextmanager
def _looking(duty: Duty, looks: list[Look]) -> Iterator[None]:
    """Look at who is on duty, again and again, for a block."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(_LOOK):
            if (seen := Look.now(duty.process.pid)) is not None:
                looks.append(seen)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _counted(town: Town, duty: Duty) -> tuple[int, int]:
    """Return how many tokens were issued to the process on duty, and how many it says it got.

    That is looked at again where they differ, since one may be on its way.
    """
    seen = list[tuple[int, int]]()

    def issued() -> int:
        return sum(one.status == 200 and one.at >= duty.starts[-1] for one in [*town.weather.calls])

    def got() -> int:
        return int(duty.sidecar.metric("ocibroker_refresh_total", provider="ecr", result="ok"))

    def agree() -> bool:
        seen.append((issued(), got()))
        return len(set(seen[-1])) == 1

    settled(agree)
    return next((one for one in seen if len(set(one)) == 1), seen[-1])


def _flood(duty: Duty) -> tuple[int, int]:
    metric = duty.sidecar.metric
    came = metric("ocibroker_requests_total", listener="tcp")
    return int(came), int(metric("ocibroker_peer_denied_total", reason="rate"))


def _issued(town: Town) -> dict[str, Issued]:
    tokens = town.aws.registry

    def token(secret: str, principal: str) -> Issued:
        end, life = tokens.ends[secret], tokens.lives.get(principal, tokens.life)
        return Issued(principal, (end - life).timestamp(), end.timestamp())

    return {secret: token(secret, principal) for secret, principal in tokens.issued.items()}


def _within(begin: float, end: float, asked: list[Asked]) -> list[Asked]:
    return sorted((one for one in asked if begin <= one.at and one.until <= end), key=lambda one: one.at)
