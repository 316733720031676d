"""``ocibroker serve``: one process that keeps targets fresh and serves every caller on the node."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ocibroker.cli.invocation import Invocation
from ocibroker.cli.service_logs import LogFormat, service_log

if TYPE_CHECKING:
    from ocibroker.cli.service_logs import ServiceLog
    from ocibroker.config import SidecarSettings

_STDERR: Final = 2
_SUPERVISORS: Final = ("LISTEN_", "NOTIFY_SOCKET", "WATCHDOG_")
"""Variables that are for this process, and not for the programs that it runs."""


def serve(
    context: typer.Context,
    socket: Annotated[
        Path | None, typer.Option("--socket", metavar="PATH", help="Listen at PATH and at no other Unix socket.")
    ] = None,
    admin: Annotated[
        str | None, typer.Option("--admin", metavar="HOST:PORT", help="Answer about health and metrics there.")
    ] = None,
    log_format: Annotated[
        LogFormat | None,
        typer.Option("--log-format", help="By default JSON, and text where standard error is a terminal."),
    ] = None,
) -> None:
    """Serve credentials to every caller on this node, until SIGTERM; SIGHUP reads the configuration anew."""
    from ocibroker.sidecar.requirement import require

    require()
    invocation: Invocation = context.obj
    form = log_format or (LogFormat.TEXT if os.isatty(_STDERR) else LogFormat.JSON)
    with service_log(_STDERR, form) as log:
        _serve(invocation, socket, admin, log)


def _serve(invocation: Invocation, socket: Path | None, admin: str | None, log: ServiceLog) -> None:
    from ocibroker.clock import SystemClock
    from ocibroker.events import Audience, Report
    from ocibroker.sidecar.building import Building
    from ocibroker.sidecar.confinement import confine
    from ocibroker.sidecar.doors import open_doors
    from ocibroker.sidecar.hang_up import HangUp
    from ocibroker.sidecar.logged import Logged
    from ocibroker.sidecar.metrics import Metrics
    from ocibroker.sidecar.notify import Notifier
    from ocibroker.sidecar.service import Service, run
    from ocibroker.sidecar.trail import open_trail

    confine()
    hang_up = HangUp()
    clock, environ = SystemClock(), invocation.environ
    metrics = Metrics(clock)
    audience = Audience(metrics.observe)
    building = Building(
        environ=_without_supervisors(environ),
        process=os.environ,
        path=invocation.config,
        observe=audience,
        passed="LISTEN_FDS" in environ,
    )
    first = building(1)
    settings = _overridden(first.config.sidecar, socket, admin)
    with (
        open_trail(first.config, environ=environ, clock=clock, report=Report(audience)) as trail,
        open_doors(settings, environ=environ, monotonic=clock.monotonic) as doors,
    ):
        service = Service(
            first,
            building,
            doors,
            metrics,
            notifier=Notifier.from_environ(environ),
            logged=Logged(dropped=log.dropped, suppressed=log.suppressed),
            trail=trail,
            hang_up=hang_up,
            audience=audience,
        )
        run(service)


def _overridden(settings: SidecarSettings, socket: Path | None, admin: str | None) -> SidecarSettings:
    from ocibroker.config import address

    unix = settings.socket if socket is None else replace(settings.socket, path=socket.absolute())
    return replace(settings, socket=unix, admin=settings.admin if admin is None else address(admin))


def _without_supervisors(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if not name.startswith(_SUPERVISORS)}
