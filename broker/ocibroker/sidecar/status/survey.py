"""Everything that is shown, gathered from what is known already."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ocibroker.api.status import CertificateStatus, ProcessStatus, ProviderStatus, Status, TargetStatus
from ocibroker.clock import Clock
from ocibroker.sidecar.aside import aside
from ocibroker.sidecar.certificate_ends import CertificateEnds
from ocibroker.sidecar.door import Door
from ocibroker.sidecar.generation import Generation
from ocibroker.sidecar.health import Health
from ocibroker.sidecar.listener import ListenerName
from ocibroker.sidecar.log_level import LogLevel
from ocibroker.sidecar.logged import Logged
from ocibroker.sidecar.prefetch import Prefetch
from ocibroker.sidecar.pulse import Pulse
from ocibroker.sidecar.status import house
from ocibroker.sidecar.status.course import Course
from ocibroker.sidecar.status.judgement import Facts, Judgement, judge
from ocibroker.sidecar.status.record import Record
from ocibroker.sidecar.status.targets import Ranking, target_status
from ocibroker.sidecar.status.token_state import LACKING
from ocibroker.sidecar.succession import Succession
from ocibroker.target import Target

EACH: Final = 100
"""Targets of one page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Nobody is asked for it, and the event loop is not held up; ``began`` is when the process did.

    ``guests`` counts the connections of each door, ``p99`` says within how many seconds 99 of 100 fetches of each
    provider have ended.
    """

    succession: Succession
    prefetch: Prefetch
    health: Health
    pulse: Pulse
    doors: Sequence[Door]
    record: Record
    loudness: LogLevel
    clock: Clock
    guests: Callable[[], Mapping[ListenerName, int]] = dict
    p99: Callable[[], Mapping[str, float]] = dict
    logged: Logged = field(default_factory=Logged)
    ends: CertificateEnds = field(default_factory=CertificateEnds)
    began: datetime = field(init=False)
    course: Course = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "began", self.clock.now())
        object.__setattr__(self, "course", Course(self.judgement, self.record, self.clock))

    def judgement(self) -> Judgement:
        """Return the verdict as of now."""
        return judge(self._facts(self._ranking()))

    async def status(self, page: int = 1) -> Status:
        """Return all of it; of the targets those of ``page``, or of the last page where there is no such."""
        verdict, ranking = self.course.verdict(), self._ranking()
        targets = ranking.targets
        pages = max(1, -(-len(targets) // EACH))
        page = min(max(1, page), pages)
        shown = targets[(page - 1) * EACH : page * EACH]
        with self.succession.lease() as generation:
            rows, offered, certificates = await aside(lambda: self._looked_up(generation, shown), "status")
            return Status(
                at=self.clock.now(),
                verdict=verdict,
                states=ranking.counts,
                page=page,
                pages=pages,
                targets=rows,
                providers=offered,
                listeners=tuple(house.listeners(self.doors, self.guests())),
                certificates=certificates,
                cache=house.cache(generation, self.record.answers),
                configuration=house.configuration(generation.config, self.succession.standing),
                process=self._process(),
                timeline=self.record.changes,
            )

    def _looked_up(
        self, generation: Generation, shown: Sequence[Target]
    ) -> tuple[tuple[TargetStatus, ...], tuple[ProviderStatus, ...], tuple[CertificateStatus, ...]]:
        """Return what files may have to be read for: identities, authorities."""
        now, outlooks, broker = self.clock.now(), self.prefetch.outlooks, generation.broker
        served = self.record.served
        rows = (target_status(broker, one, outlooks[one], served(one), now) for one in shown if one in outlooks)
        offered = house.providers(generation, self.p99())
        return tuple(rows), tuple(offered), tuple(house.certificates(self.ends, generation))

    def _ranking(self) -> Ranking:
        return Ranking.of(self.prefetch.outlooks, self.clock.now())

    def _facts(self, ranking: Ranking) -> Facts:
        outlooks = self.prefetch.outlooks
        worst = next(((one, state) for state, targets in ranking.by_state.items() for one in targets), None)
        told = worst is not None and (worst[1] in LACKING or worst[1] == "stale")
        with self.succession.lease() as generation:
            broker = generation.broker
            return Facts(
                word=self.health.word,
                states=ranking.counts,
                worst=(*worst, outlooks[worst[0]].error) if worst is not None and told else None,
                refused=self.succession.standing.failure,
                silent=broker.upkeep.silent(),
                broken=tuple(broker.providers.broken.values()),
                expired=self.record.expired,
            )

    def _process(self) -> ProcessStatus:
        (version, python, threads), (files, most) = house.machine(), house.files()
        return ProcessStatus(
            version=version,
            python=python,
            pid=os.getpid(),
            since=self.began,
            threads=threads,
            memory=house.resident(),
            files=files,
            files_most=most,
            loop_lag=self.pulse.lag,
            log_level=self.loudness.name,
            log_level_until=self.loudness.until,
            log_dropped=self.logged.dropped(),
            log_suppressed=self.logged.suppressed(),
            denied=dict(self.record.denied),
            clock_skew=dict(self.record.skews),
        )
