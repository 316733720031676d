"""The whole of a sidecar: one process that keeps targets fresh and serves whoever may call, until told to stop.

It does not put itself into the background: systemd, Kubernetes or a terminal runs it.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import signal
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Final

from ocibroker.clock import Clock, SystemClock
from ocibroker.errors import OcibrokerError
from ocibroker.events import Audience, Report, Served
from ocibroker.sidecar.admin import Actions, Endpoints, admin_endpoints
from ocibroker.sidecar.application import Application
from ocibroker.sidecar.building import Building
from ocibroker.sidecar.complaints import Complaints
from ocibroker.sidecar.door import Door, nothing
from ocibroker.sidecar.entrance import CLOSED, Entrance
from ocibroker.sidecar.gauges import Gauges
from ocibroker.sidecar.generation import Generation
from ocibroker.sidecar.hang_up import HangUp
from ocibroker.sidecar.health import Health
from ocibroker.sidecar.limits import Limits
from ocibroker.sidecar.listener import ListenerName
from ocibroker.sidecar.log_level import LogLevel
from ocibroker.sidecar.logged import Logged
from ocibroker.sidecar.metrics import Metrics
from ocibroker.sidecar.notify import Notifier
from ocibroker.sidecar.prefetch import Prefetch
from ocibroker.sidecar.pulse import Pulse
from ocibroker.sidecar.server import Server
from ocibroker.sidecar.status.endpoints import status_endpoints
from ocibroker.sidecar.status.record import Record
from ocibroker.sidecar.status.survey import Survey
from ocibroker.sidecar.succession import Succession
from ocibroker.sidecar.trail import Trail

_LOG: Final = logging.getLogger("ocibroker.sidecar")
_CLOSING: Final = 0.5
"""Seconds that brokers get to close after the last caller has gone."""


class Service:
    """Serves ``first``, and what follows it by ``building``, at ``doors``.

    SIGHUP has the configuration read anew, also one that came before (``hang_up``). SIGTERM and SIGINT end it
    within the grace period of the configuration; a second one ends it at once. ``audience`` is who is told of what
    the brokers do, and of what it does itself.
    """

    def __init__(
        self,
        first: Generation,
        building: Building,
        doors: Sequence[Door],
        metrics: Metrics,
        *,
        notifier: Notifier,
        logged: Logged,
        trail: Trail | None = None,
        hang_up: HangUp | None = None,
        audience: Audience | None = None,
        clock: Clock | None = None,
        limits: Limits | None = None,
    ) -> None:
        clock = clock or SystemClock()
        self._first = first
        self._doors = doors
        self._notifier = notifier
        self._hang_up = hang_up
        audience = audience or Audience(metrics.observe)
        self._report = Report(audience)
        self._trail = trail or Trail((), clock, nothing)
        self._succession = Succession(first, building, clock=clock, report=self._report, notifier=notifier)
        self._prefetch = Prefetch(self._succession)
        self._health = Health(self._succession, self._prefetch, clock)
        self._pulse = Pulse(notifier, clock.monotonic)
        self._tasks: set[asyncio.Task[None]] = set()
        self._survey = self._surveyed(logged, clock, metrics)
        audience.join(self._survey.record.observe)
        audience.join(self._prefetch.heard)
        self._gauges(logged, clock).shown_by(metrics)
        self._actions = Actions(
            self._succession,
            self._report,
            self._health,
            self._prefetch.look_again,
            self._survey.loudness,
            audit=self._trail,
        )
        complaints = Complaints(audience, self._report, self._trail, clock.monotonic)
        application = Application(
            self._succession,
            admin=self._admin(metrics),
            actions=self._actions.endpoints(),
            served=self._served,
            audit=self._trail,
            denied=complaints,
            conversations=metrics.conversations,
        )
        self._server = Server(application, doors, limits, repeat=application.repeat, denied=complaints)

    async def run(self) -> None:
        """Serve until a signal says to stop."""
        stop = asyncio.Event()
        serving = asyncio.create_task(self._server.serve(stop, self._grace))
        self._obey(stop, serving)
        self._start()
        try:
            await serving
        except asyncio.CancelledError:
            _LOG.warning("stopped at once; requests under way were cut off")
        finally:
            self._prefetch.stop()
            for task in self._tasks:
                task.cancel()
            await self._succession.close(_CLOSING)

    def _start(self) -> None:
        self._let_in(self._first)  # so that its certificates are those that the next one goes on with
        self._succession.follow(self._let_in)
        self._prefetch.follow(self._first)
        self._succession.follow(self._prefetch.follow)
        self._count_apart(self._first)
        self._succession.follow(self._count_apart)
        self._spawn(self._pulse.beat())
        self._spawn(self._survey.course.keep())
        self._health.serving = True
        self._notifier.ready()
        _LOG.info("serving at %s", ", ".join(map(str, self._doors)))

    def _let_in(self, generation: Generation) -> None:
        for door in self._doors:
            closed = Entrance() if door.name == "admin" else CLOSED
            door.renew(generation.entrances.get(door.name, closed))

    def _count_apart(self, generation: Generation) -> None:
        self._survey.record.keep(generation.config.sidecar.prefetch)

    def _obey(self, stop: asyncio.Event, serving: asyncio.Task[None]) -> None:
        loop = asyncio.get_running_loop()

        def end() -> None:
            if stop.is_set():
                serving.cancel()
            _LOG.info("stopping")
            self._health.draining = True
            self._notifier.stopping()
            stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._spawn(self._reload()))
        if self._hang_up and self._hang_up.came:
            self._spawn(self._reload())

    async def _reload(self) -> None:
        self._trail.reopen()
        with suppress(OcibrokerError):  # told already, and the old configuration goes on serving
            await self._succession.reload()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _surveyed(self, logged: Logged, clock: Clock, metrics: Metrics) -> Survey:
        return Survey(
            succession=self._succession,
            prefetch=self._prefetch,
            health=self._health,
            pulse=self._pulse,
            doors=self._doors,
            record=Record(clock, lambda: metrics.conversations.current() is not None),
            loudness=LogLevel(clock=clock),
            clock=clock,
            guests=self._guests,
            p99=metrics.p99,
            logged=logged,
        )

    def _gauges(self, logged: Logged, clock: Clock) -> Gauges:
        return Gauges(
            succession=self._succession,
            prefetch=self._prefetch,
            health=self._health,
            pulse=self._pulse,
            clock=clock,
            logged=logged,
            lost=self._trail.lost,
            connected=self._guests,
        )

    def _guests(self) -> Mapping[ListenerName, int]:
        return self._server.guests()

    def _admin(self, metrics: Metrics) -> Endpoints:
        door = next((door for door in self._doors if door.listener.name == "admin"), None)
        if door is None:
            return {}
        shown = status_endpoints(self._survey.status, door.address)
        return admin_endpoints(door.address, self._health, metrics, self._actions, shown)

    def _served(self, listener: ListenerName, status: int, seconds: float) -> None:
        self._report(Served(listener=listener, status=status, seconds=seconds))

    @property
    def _grace(self) -> float:
        with self._succession.lease() as generation:
            return generation.config.sidecar.grace


def run(service: Service) -> None:
    """Run ``service`` to its end in an event loop of its own: uvloop's where that is installed."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(service.run())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if importlib.util.find_spec("uvloop") is None:
        return None
    import uvloop

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
