"""Real clients, again and again, served by a sidecar while their tokens rotate every few seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.e2e.client import CLIENTS, DOCKER, Client
from tests.settled import settled
from tests.soak.report import Report
from tests.soak.town import HOST, Town, founded
from tests.soak.vitals import Vitals

SERVED: Final = [*(one for one in CLIENTS if one.name in {"helm pull", "skopeo inspect", "podman pull"}), DOCKER]
ROTATION: Final = 3.0
"""Seconds between tokens."""
_LOOK: Final = 0.5


def soak(seconds: float, folder: Path) -> Report:
    """Do that in ``folder``, and report."""
    with founded(folder) as town, town.sidecar.serving() as process:
        assert settled(lambda: town.sidecar.get("/readyz").status_code == 200)
        shift = Shift(town)
        vitals = [Vitals.of(process.pid)]
        with shift.at_work():
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                time.sleep(_LOOK)
                vitals.append(Vitals.of(process.pid))
        shift.report.counts, shift.report.vitals = counts(town), vitals
        return shift.report


@dataclass(frozen=True)
class Shift:
    """Clients at work, and what they report."""

    town: Town
    report: Report = field(default_factory=Report)
    over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Have each client at work for a block, and tokens rotated."""
        with ThreadPoolExecutor() as threads:
            work = [threads.submit(self._repeat, client) for client in SERVED]
            work.append(threads.submit(self._rotate))
            try:
                yield
            finally:
                self.over.set()
        for one in work:
            one.result()

    def _repeat(self, client: Client) -> None:
        registry, workstation = self.town.registry, self.town.workstation(client.name)
        while not self.over.is_set():
            done = workstation.run(
                *client.untold(registry)
            )  # trust is the system's here: Helm knows one or a proxy
            self.report.runs[client.name] += 1
            if done.returncode:
                self.report.failures[f"{client.name}: {done.stderr.strip()}"] += 1
            elif client.received(registry, workstation, done) != client.expected(registry):
                self.report.failures[f"{client.name}: got something else"] += 1

    def _rotate(self) -> None:
        while not self.over.wait(ROTATION):
            answer = self.town.sidecar.act("refresh", target=HOST)
            if answer.is_error:
                self.report.failures[f"refresh: {answer.text}"] += 1


def counts(town: Town) -> dict[str, float]:
    metric = town.sidecar.metric
    return {
        "answers of the sidecar": metric("ocibroker_token_requests_total", provider="ecr"),
        "renewals": metric("ocibroker_refresh_total", provider="ecr", result="ok"),
        "renewals that failed": metric("ocibroker_refresh_errors_total"),
        "tokens issued": len(town.aws.registry.issued),
        "tokens that clients have used": len(town.used),
        "expired tokens served": metric("ocibroker_expired_token_served_total"),
    }
