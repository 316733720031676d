"""How things stand, as gauges: what no event tells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from ocibroker.clock import Clock
from ocibroker.outlook import Outlook
from ocibroker.sidecar.certificate_ends import LABELS as CERTIFICATE_LABELS
from ocibroker.sidecar.certificate_ends import CertificateEnds
from ocibroker.sidecar.generation import Generation
from ocibroker.sidecar.health import Health
from ocibroker.sidecar.listener import ListenerName
from ocibroker.sidecar.logged import Logged
from ocibroker.sidecar.metrics import Metrics, Row
from ocibroker.sidecar.plugin_info import LABELS as PLUGIN_LABELS
from ocibroker.sidecar.plugin_info import plugin_info
from ocibroker.sidecar.prefetch import Prefetch
from ocibroker.sidecar.pulse import Pulse
from ocibroker.sidecar.succession import Succession


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """``lost`` counts the audit records that each sink did not take, ``connected`` each listener's connections."""

    succession: Succession
    prefetch: Prefetch
    health: Health
    pulse: Pulse
    clock: Clock
    logged: Logged = field(default_factory=Logged)
    lost: Callable[[], Iterable[tuple[str, int]]] = lambda: ()
    connected: Callable[[], Mapping[ListenerName, int]] = dict
    certificates: CertificateEnds = field(default_factory=CertificateEnds)

    def shown_by(self, metrics: Metrics) -> None:
        """Have ``metrics`` show them all."""
        for name, text, value in (
            ("ocibroker_ready", "1 while /readyz says so.", lambda: self.health.is_ready),
            ("ocibroker_event_loop_lag_seconds", "How late the event loop was last.", lambda: self.pulse.lag),
            ("ocibroker_config_generation", "Which configuration serves.", self._number),
            ("ocibroker_insecure_targets", "Entries with insecure or plain_http.", self._weakened),
            ("ocibroker_cache_entries", "Answers that are remembered.", self._remembered),
            ("ocibroker_log_dropped_total", "Lines that nobody took.", self.logged.dropped),
            ("ocibroker_log_suppressed_total", "Lines that repeated another.", self.logged.suppressed),
        ):
            metrics.show(name, text, (), _single(value))
        metrics.show("ocibroker_audit_lost_total", "Records that a sink did not take.", ("sink",), self._lost)
        metrics.show("ocibroker_circuit_open", "1 for who is left alone.", ("source",), self._silent)
        for name, text, labels, rows in (
            ("ocibroker_config_hash_info", "Which file serves.", ("hash",), self._hash),
            ("ocibroker_plugin_info", "Who may answer.", PLUGIN_LABELS, self._plugins),
            ("ocibroker_plugin_stuck_threads", "Fetches that hang.", ("provider",), self._hanging),
            ("ocibroker_cache_evictions_total", "Answers no more remembered.", ("reason",), self._evicted),
            ("ocibroker_open_connections", "Connections of callers.", ("listener",), self._connected),
            ("ocibroker_tls_cert_not_after_timestamp_seconds", "When it ends.", CERTIFICATE_LABELS, self._ends),
        ):
            metrics.show(name, text, labels, rows)
        for name, text, part in (
            ("ocibroker_refresh_consecutive_failures", "Failures in a row.", _failures),
            ("ocibroker_refresh_last_success_timestamp_seconds", "When it was fetched.", _fetched_at),
            ("ocibroker_token_expiry_timestamp_seconds", "When it ends.", _expires_at),
            ("ocibroker_token_next_refresh_timestamp_seconds", "When it is renewed.", self._renewed_at),
            ("ocibroker_backoff_until_timestamp_seconds", "Until when nobody is asked.", self._paused_until),
        ):
            metrics.show(name, text, ("target",), partial(self._of_targets, part))

    def _of_targets(self, part: Callable[[Outlook], float | None]) -> Iterator[Row]:
        for target, stands in self.prefetch.outlooks.items():
            if (value := part(stands)) is not None:
                yield (str(target),), value

    def _renewed_at(self, stands: Outlook) -> float | None:
        return None if stands.renew_in is None else self._now + stands.renew_in

    def _paused_until(self, stands: Outlook) -> float | None:
        return self._now + stands.paused if stands.paused else None

    def _silent(self) -> Iterator[Row]:
        for source in self._serving.broker.upkeep.silent():
            yield (source,), 1.0

    def _hash(self) -> Iterator[Row]:
        if digest := self._serving.config.digest:
            yield (digest,), 1.0

    def _plugins(self) -> Iterator[Row]:
        return plugin_info(self._serving)

    def _hanging(self) -> Iterator[Row]:
        for source, number in self._serving.broker.upkeep.hanging().items():
            yield (source.removeprefix("provider "),), float(number)

    def _evicted(self) -> Iterator[Row]:
        for reason, number in self._serving.broker.upkeep.evicted().items():
            yield (reason,), float(number)

    def _connected(self) -> Iterator[Row]:
        for listener, number in self.connected().items():
            yield (listener,), float(number)

    def _ends(self) -> Iterator[Row]:
        return self.certificates.of(self._serving)

    def _lost(self) -> Iterator[Row]:
        for sink, lost in self.lost():
            yield (sink,), float(lost)

    def _number(self) -> int:
        return self._serving.number

    def _weakened(self) -> int:
        return self._serving.broker.weakened

    def _remembered(self) -> int:
        return self._serving.broker.upkeep.remembered()

    @property
    def _serving(self) -> Generation:
        with self.succession.lease() as generation:
            return generation

    @property
    def _now(self) -> float:
        return self.clock.now().timestamp()


def _single(value: Callable[[], float]) -> Callable[[], Iterator[Row]]:
    def rows() -> Iterator[Row]:
        yield (), float(value())

    return rows


def _failures(stands: Outlook) -> float:
    return float(stands.failures)


def _fetched_at(stands: Outlook) -> float | None:
    return _stamp(stands.fetched_at)


def _expires_at(stands: Outlook) -> float | None:
    return _stamp(stands.expires_at)


def _stamp(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None
