"""Metrics in Prometheus' exposition format, made of events and of how things stand when they are asked for.

No label holds what a caller sent: how many series there are is decided by the configuration and the code.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ocibroker import errors
from ocibroker.clock import Clock
from ocibroker.events import Administered, Answered, Event, Fetched, PeerDenied, Reloaded, Requested, Served
from ocibroker.sidecar.conversation import ITSELF, Conversation, Conversations
from ocibroker.sidecar.quantile import quantile
from ocibroker.version import __version__

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_ANSWERS: Final = "ocibroker_token_requests_total"
COUNTERS: Final = MappingProxyType(
    {
        _ANSWERS: ("Answers to callers.", ("provider", "frontend", "outcome")),
        "ocibroker_expired_token_served_total": ("Credentials given out after their end.", ()),
        "ocibroker_refresh_total": ("Calls of providers.", ("provider", "trigger", "result")),
        "ocibroker_refresh_errors_total": ("Calls of providers that failed.", ("provider", "error_type")),
        "ocibroker_upstream_requests_total": ("Requests sent, each attempt.", ("provider", "code_class")),
        "ocibroker_requests_total": ("Requests of callers.", ("listener", "code_class")),
        "ocibroker_peer_denied_total": ("Callers who were turned away.", ("reason",)),
        "ocibroker_ratelimited_total": ("Requests beyond a rate.", ("direction", "scope")),
        "ocibroker_admin_actions_total": ("What the admin listener was asked to do.", ("action", "result")),
    }
)
"""What they count, and by which labels."""

_FETCHES: Final = "ocibroker_refresh_duration_seconds"
_FAST: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)
_SLOW: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

HISTOGRAMS: Final = MappingProxyType(
    {
        _FETCHES: ("How long a provider took.", ("provider",), _SLOW),
        "ocibroker_upstream_request_duration_seconds": ("Until a response's head.", ("provider",), _SLOW),
        "ocibroker_request_duration_seconds": ("How long a caller waited.", ("frontend", "outcome"), _FAST),
    }
)
"""What they measure, by which labels, in which buckets."""

_CLASSES: Final = MappingProxyType({number: f"{number}xx" for number in range(1, 10)})
_ERRORS: Final = frozenset(name for name, value in vars(errors).items() if isinstance(value, type))

Row = tuple[tuple[str, ...], float]
Rows = Callable[[], Iterable[Row]]


class Metrics:
    """A registry of its own; :meth:`observe` is told of events, :meth:`text` tells what came of them.

    What happens while a request is answered is counted as that one's, by ``conversations``.
    """

    def __init__(self, clock: Clock) -> None:
        self.registry: Final = CollectorRegistry(auto_describe=True)
        self.conversations: Final = Conversations()
        self._clock = clock
        self._standing = _Standing()
        self._counters = {
            name: Counter(name, text, labels, registry=self.registry) for name, (text, labels) in COUNTERS.items()
        }
        self._histograms = {
            name: Histogram(name, text, labels, buckets=buckets, registry=self.registry)
            for name, (text, labels, buckets) in HISTOGRAMS.items()
        }
        self._counted: dict[tuple[str, ...], Counter] = {}
        self._measured: dict[tuple[str, ...], Histogram] = {}
        self._skews: dict[str, float] = {}
        self._reload_well, self._reload_at = 1.0, clock.now().timestamp()
        self.registry.register(self._standing)
        ProcessCollector(registry=self.registry)
        self._show_what_never_changes()
        self._observers: Mapping[type, Callable[[Any], None]] = MappingProxyType(
            {
                Answered: self._answered,
                Fetched: self._fetched,
                Requested: self._requested,
                Served: self._served,
                PeerDenied: self._denied,
                Administered: self._administered,
                Reloaded: self._reloaded,
            }
        )

    def observe(self, event: Event) -> None:
        """Count ``event``, if it is of a kind that is counted."""
        if (observer := self._observers.get(type(event))) is not None:
            observer(event)

    def show(self, name: str, text: str, labels: tuple[str, ...], rows: Rows) -> None:
        """Have a gauge made of ``rows`` whenever metrics are asked for; a counter, if it ends with ``_total``."""
        self._standing.shown[name] = (text, labels, rows)

    def text(self) -> bytes:
        """Return all metrics."""
        return generate_latest(_Plain(self.registry))

    def p99(self) -> Mapping[str, float]:
        """Return, by provider, the seconds within which 99 of 100 fetches have ended since the start."""
        buckets: dict[str, list[tuple[float, float]]] = {}
        for metric in self._histograms[_FETCHES].collect():
            for sample in metric.samples:
                if (bound := sample.labels.get("le")) is not None:
                    buckets.setdefault(sample.labels["provider"], []).append((float(bound), sample.value))
        found = {provider: quantile(0.99, counts) for provider, counts in buckets.items()}
        return {provider: seconds for provider, seconds in found.items() if seconds is not None}

    def _show_what_never_changes(self) -> None:
        build = (__version__, platform.python_version())
        self.show("ocibroker_build_info", "Which build this is.", ("version", "python"), lambda: [(build, 1.0)])
        self.show(
            "ocibroker_config_last_reload_successful",
            "1, or 0 where the new one was wrong and the old one serves.",
            (),
            lambda: [((), self._reload_well)],
        )
        self.show(
            "ocibroker_config_last_reload_success_timestamp_seconds",
            "When what serves was read.",
            (),
            lambda: [((), self._reload_at)],
        )

        self.show(
            "ocibroker_clock_skew_seconds",
            "By how much the other side's clock was ahead when it answered last.",
            ("provider",),
            lambda: [((provider,), skew) for provider, skew in [*self._skews.items()]],
        )

    def _count(self, *series: str) -> None:
        """Count in the series of that name and those labels, which is looked up once, since hits come often."""
        if (counter := self._counted.get(series)) is None:
            name, *labels = series
            counter = self._counters[name].labels(*labels) if labels else self._counters[name]
            self._counted[series] = counter
        counter.inc()

    def _measure(self, seconds: float, *series: str) -> None:
        if (histogram := self._measured.get(series)) is None:
            name, *labels = series
            histogram = self._measured[series] = self._histograms[name].labels(*labels)
        histogram.observe(seconds)

    def _answered(self, event: Answered) -> None:
        current = self.conversations.current()
        if current is not None:
            current.outcome = event.outcome
        frontend = ITSELF if current is None else current.frontend
        self._count(_ANSWERS, event.provider or "none", frontend, event.outcome)
        if event.seconds_left is not None and event.seconds_left <= 0:
            self._count("ocibroker_expired_token_served_total")

    def _fetched(self, event: Fetched) -> None:
        well = "anonymous" if event.anonymous else "ok"
        result = "error" if event.error else well
        self._count("ocibroker_refresh_total", event.provider, event.trigger, result)
        self._measure(event.seconds, _FETCHES, event.provider)
        if event.error:
            self._count("ocibroker_refresh_errors_total", event.provider, _known(event.error))

    def _requested(self, event: Requested) -> None:
        provider = event.provider or "none"
        self._count("ocibroker_upstream_requests_total", provider, _code_class(event.status))
        self._measure(event.seconds, "ocibroker_upstream_request_duration_seconds", provider)
        if event.status == HTTPStatus.TOO_MANY_REQUESTS:
            self._count("ocibroker_ratelimited_total", "out", provider)
        if event.skew is not None:
            self._skews[provider] = event.skew

    def _served(self, event: Served) -> None:
        self._count("ocibroker_requests_total", event.listener, _code_class(event.status))
        current = self.conversations.current() or Conversation(event.listener)
        self._measure(event.seconds, "ocibroker_request_duration_seconds", current.frontend, current.outcome)
        if current.outcome == "denied":
            self._count(_ANSWERS, "none", current.frontend, "denied")

    def _denied(self, event: PeerDenied) -> None:
        self._count("ocibroker_peer_denied_total", event.reason)
        if event.reason == "rate":
            self._count("ocibroker_ratelimited_total", "in", event.listener)

    def _administered(self, event: Administered) -> None:
        self._count("ocibroker_admin_actions_total", event.action, "error" if event.error else "ok")

    def _reloaded(self, event: Reloaded) -> None:
        self._reload_well = 0.0 if event.reason else 1.0
        if event.reason is None:
            self._reload_at = self._clock.now().timestamp()


class _Standing(Collector):
    """Families that are made when they are asked for."""

    def __init__(self) -> None:
        self.shown: dict[str, tuple[str, tuple[str, ...], Rows]] = {}

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        for name, (text, labels, rows) in self.shown.items():
            kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            family = kind(name, text, labels=labels)
            for values, value in rows():
                family.add_metric(values, value)
            yield family


class _Plain(CollectorRegistry):
    """``registry`` without the moments at which each series was made, which double their number for nobody."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__()
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric


def _known(error: str) -> str:
    """Return the error's type, unless it is a plugin's own."""
    return error if error in _ERRORS else "other"


def _code_class(status: int | None) -> str:
    return "none" if status is None else _CLASSES.get(status // 100, "none")
