"""Metrics: what is counted, by which labels, and that nobody can make them grow."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import re
import time
from pathlib import Path

import pytest
from cryptography import x509
from prometheus_client.parser import text_string_to_metric_families

from ocibroker import Target
from ocibroker.cache.memory import MOST
from ocibroker.errors import ConnectionFailed, OcibrokerError
from ocibroker.events import Administered, Answered, Event, Fetched, PeerDenied, Reloaded, Requested, Served
from ocibroker.outlook import Outlook
from ocibroker.provider import Identity
from ocibroker.sidecar.gauges import Gauges
from ocibroker.sidecar.health import Health
from ocibroker.sidecar.metrics import COUNTERS, HISTOGRAMS, Metrics
from ocibroker.sidecar.notify import Notifier
from ocibroker.sidecar.prefetch import Prefetch
from ocibroker.sidecar.pulse import Pulse
from ocibroker.sidecar.succession import Succession
from ocibroker.testing import Authority
from ocibroker.version import __version__
from tests.docs.manual import ROOT, rows, section
from tests.sidecar.stand import HOST, NAME, TARGET, Stand, prefetching
from tests.sidecar.waiting import until
from tests.transport.brokers import made_rule
from tests.transport.hand_clock import HandClock

PAGE = ROOT / "docs" / "sidecar.md"


def samples(metrics: Metrics) -> dict[str, float]:
    """Return every sample that is not the process's, by its name and labels."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {
        f"{sample.name}{{{','.join(f'{name}={value}' for name, value in sorted(sample.labels.items()))}}}": (
            sample.value
        )
        for family in families
        for sample in family.samples
        if sample.name.startswith("ocibroker_")
    }


def test_how_slow_the_slowest_fetches_of_each_provider_are(metrics: Metrics) -> None:
    assert metrics.p99() == {}
    for seconds in (0.02, 0.3, 0.3, 400.0):
        metrics.observe(Fetched(target=TARGET, provider="ecr", trigger="miss", seconds=seconds))
    metrics.observe(Fetched(target=TARGET, provider="gar", trigger="miss", seconds=0.001))
    assert metrics.p99() == {"ecr": 30.0, "gar": pytest.approx(0.0099)}


@pytest.fixture
def metrics(clock: HandClock) -> Metrics:
    return Metrics(clock)


@pytest.mark.parametrize(
    ("event", "counted"),
    [
        (
            Answered(target=TARGET, provider="ecr", outcome="hit"),
            "ocibroker_token_requests_total{frontend=lib,outcome=hit,provider=ecr}",
        ),
        (
            Fetched(target=TARGET, provider="ecr", trigger="miss", seconds=1.0),
            "ocibroker_refresh_total{provider=ecr,result=ok,trigger=miss}",
        ),
        (
            Fetched(target=TARGET, provider="ecr", trigger="advisory", seconds=1.0, error="DeadlineExceeded"),
            "ocibroker_refresh_errors_total{error_type=DeadlineExceeded,provider=ecr}",
        ),
        (
            Fetched(target=TARGET, provider="ecr", trigger="miss", seconds=1.0, anonymous=True),
            "ocibroker_refresh_total{provider=ecr,result=anonymous,trigger=miss}",
        ),
        (
            Requested(provider="ecr", host="api.ecr.test", status=503, seconds=0.1),
            "ocibroker_upstream_requests_total{code_class=5xx,provider=ecr}",
        ),
        (
            Requested(provider=None, host="registry.test", error="ConnectionFailed", seconds=0.1),
            "ocibroker_upstream_requests_total{code_class=none,provider=none}",
        ),
        (
            Served(listener="socket", status=200, seconds=0.001),
            "ocibroker_requests_total{code_class=2xx,listener=socket}",
        ),
        (
            PeerDenied(reason="uid", peer="uid 7"),
            "ocibroker_peer_denied_total{reason=uid}",
        ),
        (
            PeerDenied(reason="rate", peer="uid 7", listener="socket"),
            "ocibroker_ratelimited_total{direction=in,scope=socket}",
        ),
        (
            Requested(provider="ecr", host="api.ecr.test", status=429, seconds=0.1),
            "ocibroker_ratelimited_total{direction=out,scope=ecr}",
        ),
        (
            Administered(action="evict", peer="127.0.0.1", error="UsageError"),
            "ocibroker_admin_actions_total{action=evict,result=error}",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_event_is_counted(metrics: Metrics, event: Event, counted: str) -> None:
    metrics.observe(event)
    metrics.observe(event)
    assert samples(metrics)[counted] == 2


def test_how_far_the_other_side_s_clock_is_off_is_told_as_of_last(metrics: Metrics) -> None:
    for skew in (7.0, -90.0, None):
        metrics.observe(Requested(provider="ecr", host="api.ecr.test", status=200, seconds=0.1, skew=skew))
    assert samples(metrics)["ocibroker_clock_skew_seconds{provider=ecr}"] == -90


def test_no_series_says_when_another_was_made(metrics: Metrics) -> None:
    metrics.observe(Answered(target=TARGET, provider="ecr", outcome="hit"))
    assert b"_created" not in metrics.text()


@pytest.mark.parametrize(("left", "expired"), [(None, 0), (10.0, 0), (0.0, 1), (-5.0, 1)])
def test_a_token_that_is_given_out_after_its_end_is_counted(
    metrics: Metrics, left: float | None, expired: int
) -> None:
    metrics.observe(Answered(target=TARGET, provider="ecr", outcome="stale", seconds_left=left))
    assert samples(metrics)["ocibroker_expired_token_served_total{}"] == expired


def test_the_last_reload_is_told(metrics: Metrics, clock: HandClock) -> None:
    began = clock.now().timestamp()
    clock.move(60)
    metrics.observe(Reloaded(generation=1, reason=OcibrokerError("wrong")))
    assert samples(metrics)["ocibroker_config_last_reload_successful{}"] == 0
    assert samples(metrics)["ocibroker_config_last_reload_success_timestamp_seconds{}"] == pytest.approx(began)
    metrics.observe(Reloaded(generation=2))
    assert samples(metrics)["ocibroker_config_last_reload_successful{}"] == 1
    assert samples(metrics)["ocibroker_config_last_reload_success_timestamp_seconds{}"] == pytest.approx(began + 60)


class Odd(OcibrokerError):
    """A plugin's own."""


@pytest.mark.fault(37)
def test_ten_thousand_hosts_and_errors_of_a_plugin_s_own_make_no_series(metrics: Metrics) -> None:
    for at in range(10_000):
        target = Target.parse(f"r{at}.example.com/app")
        metrics.observe(Answered(target=target, provider="ecr", outcome="hit"))
        metrics.observe(Fetched(target=target, provider="ecr", trigger="miss", seconds=0.1, error=f"Odd{at}"))
        metrics.observe(Requested(provider="ecr", host=target.host, status=200, seconds=0.1))
        metrics.observe(PeerDenied(reason="uid", peer=f"uid {at}"))
    assert len(samples(metrics)) < 60
    assert samples(metrics)["ocibroker_refresh_errors_total{error_type=other,provider=ecr}"] == 10_000


def whole(stand: Stand) -> dict[str, float]:
    """Return all metrics of a sidecar that has looked at its target once."""

    async def all_of_it() -> dict[str, float]:
        metrics, succession = Metrics(stand.clock), stand.succession()
        prefetch = Prefetch(succession, draw=lambda low, high: low)
        gauges(stand, succession, prefetch).shown_by(metrics)
        with succession.lease() as generation:
            prefetch.follow(generation)
        await until(lambda: any(stands != Outlook() for stands in prefetch.outlooks.values()))
        found = samples(metrics)
        prefetch.stop()
        await succession.close(0.1)
        return found

    return asyncio.run(all_of_it())


def gauges(stand: Stand, succession: Succession, prefetch: Prefetch) -> Gauges:
    return Gauges(
        succession=succession,
        prefetch=prefetch,
        health=Health(succession, prefetch, stand.clock),
        pulse=Pulse(Notifier(), stand.clock.monotonic),
        clock=stand.clock,
    )


def test_targets_that_are_kept_fresh_have_gauges(stand: Stand) -> None:
    now = stand.clock.now().timestamp()
    found = whole(stand)
    label = f"{{target={TARGET}}}"
    assert found[f"ocibroker_token_expiry_timestamp_seconds{label}"] == pytest.approx(now + 3600, abs=1)
    assert now + 1800 <= found[f"ocibroker_token_next_refresh_timestamp_seconds{label}"] <= now + 2880
    assert found[f"ocibroker_refresh_last_success_timestamp_seconds{label}"] == pytest.approx(now, abs=1)
    assert found[f"ocibroker_refresh_consecutive_failures{label}"] == 0
    assert (found["ocibroker_cache_entries{}"], found["ocibroker_config_generation{}"]) == (1, 1)


def test_who_fails_is_told(stand: Stand) -> None:
    stand.failure = ConnectionFailed("answered 429", retry_after=120)
    now = stand.clock.now().timestamp()
    found = whole(stand)
    label = f"{{target={TARGET}}}"
    assert found[f"ocibroker_backoff_until_timestamp_seconds{label}"] == pytest.approx(now + 120, abs=1)
    assert found[f"ocibroker_refresh_consecutive_failures{label}"] == 1
    assert f"ocibroker_token_expiry_timestamp_seconds{label}" not in found


def test_weakened_hosts_are_counted(stand: Stand) -> None:
    weak = f'[[tls]]\nmatch = "{HOST}"\ninsecure = true\n'
    stand.write(prefetching(NAME, rules=weak + made_rule(HOST)))
    assert whole(stand)["ocibroker_insecure_targets{}"] == 1


def test_what_serves_is_told_by_the_file_s_digest_and_by_its_plugins(stand: Stand) -> None:
    found = whole(stand)
    digest = hashlib.sha256(stand.path.read_bytes()).hexdigest()[:12]
    assert found[f"ocibroker_config_hash_info{{hash={digest}}}"] == 1
    ecr = f"ocibroker_plugin_info{{distribution=ocibroker,plugin=ecr,version={__version__}}}"
    assert found[ecr] == 1


def test_the_ends_of_certificates_are_told_by_what_they_are_for(stand: Stand, authority: Authority) -> None:
    issued, expired = authority.issue("me.test"), authority.issue("me.test", expired=True)
    bundle, pair = stand.folder / "bundle.pem", stand.folder / "pair.pem"
    bundle.write_text(expired.certificate + authority.pem)
    pair.write_text(issued.certificate + expired.certificate + issued.key)
    stand.write(
        prefetching(NAME)
        + f'[[tls]]\nmatch = "other.test"\nca = ["{bundle}"]\n'
        + f'[[tls]]\nmatch = "mine.test"\nclient_cert = "{pair}"\nclient_key = "{pair}"\n'
    )
    found, name = whole(stand), "ocibroker_tls_cert_not_after_timestamp_seconds"
    assert found[f"{name}{{name=other.test,role=ca}}"] == max(_ends(bundle))
    assert found[f"{name}{{name=mine.test,role=client_cert}}"] == min(_ends(pair)) < time.time()


def _ends(path: Path) -> list[float]:
    certificates = x509.load_pem_x509_certificates(path.read_bytes())
    return [one.not_valid_after_utc.timestamp() for one in certificates]


def test_the_process_s_own_are_there_too(metrics: Metrics) -> None:
    assert b"process_open_fds" in metrics.text()


def test_every_metric_is_documented_with_its_labels_and_no_other(stand: Stand) -> None:
    shown: dict[str, tuple[str, ...]] = {}

    class Noted(Metrics):
        def show(self, name: str, text: str, labels: tuple[str, ...], rows: object) -> None:
            shown[name] = labels

    async def note() -> None:
        succession = stand.succession()
        gauges(stand, succession, Prefetch(succession)).shown_by(Noted(stand.clock))
        await succession.close(0.1)

    asyncio.run(note())
    shown |= {name: labels for name, (_, labels) in COUNTERS.items()}
    shown |= {name: labels for name, (_, labels, _) in HISTOGRAMS.items()}
    documented = {
        name: tuple(re.findall(r"`(\w+)`", cells[1])) for name, cells in rows(section(PAGE, "## Metrics")).items()
    }
    assert documented == shown


def test_what_is_dropped_is_counted_by_the_reason(stand: Stand) -> None:
    numbers = itertools.count()
    stand.identity = lambda: Identity((str(next(numbers)),))
    with stand.building(1).broker as broker:
        for _ in range(MOST + 3):
            broker.access(NAME, fresh=True)
        stand.identity = lambda: Identity((str(MOST + 2),))
        broker.upkeep.forget(TARGET)
        broker.upkeep.forget(TARGET)
        assert broker.upkeep.evicted() == {"full": 3, "forgotten": 1}


@pytest.mark.fault(37)
def test_what_is_remembered_of_many_identities_is_bounded(stand: Stand) -> None:
    numbers = itertools.count()
    stand.identity = lambda: Identity((str(next(numbers)),))
    with stand.building(1).broker as broker:
        for _ in range(MOST + 100):
            broker.access(NAME, fresh=True)
        assert broker.upkeep.remembered() == MOST
