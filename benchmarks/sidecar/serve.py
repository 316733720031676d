"""``python -m benchmarks.sidecar.serve SOCKET``: ``ocibroker serve``, but a caller may ask as often as it can."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

from ocibroker.clock import SystemClock
from ocibroker.events import Report
from ocibroker.sidecar.building import Building
from ocibroker.sidecar.doors import open_doors
from ocibroker.sidecar.limits import Limits
from ocibroker.sidecar.logged import Logged
from ocibroker.sidecar.metrics import Metrics
from ocibroker.sidecar.notify import Notifier
from ocibroker.sidecar.service import Service, run
from ocibroker.sidecar.trail import open_trail


def main(place: Path) -> None:
    """Serve until SIGTERM."""
    clock, environ = SystemClock(), dict(os.environ)
    metrics = Metrics(clock)
    building = Building(environ=environ, observe=metrics.observe)
    first = building(1)
    settings = first.config.sidecar
    settings = replace(settings, socket=replace(settings.socket, path=place))
    limits = Limits(rate=1e6, burst=1_000_000)
    with (
        open_trail(first.config, environ=environ, clock=clock, report=Report(metrics.observe)) as trail,
        open_doors(settings, environ=environ, monotonic=clock.monotonic) as doors,
    ):
        notifier = Notifier.from_environ(environ)
        logged = Logged()
        run(Service(first, building, doors, metrics, notifier=notifier, logged=logged, trail=trail, limits=limits))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
