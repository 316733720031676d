"""What takes time is a span, where the program traces; and no span holds a secret, a URL or a header."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from ocibroker import Basic, Broker
from ocibroker.errors import CredentialUnavailable
from ocibroker.provider import Credential, FetchRequest
from ocibroker.testing import Authority, EmbeddedRegistry
from tests.transport.brokers import MODES, Desk, Mode, ask, made_rule
from tests.transport.canary import Canary
from tests.transport.made_provider import MadeProvider, NoOptions

SIGNATURE = "of-a-presigned-url"
EXPORTER = InMemorySpanExporter()
"""OpenTelemetry has one tracer provider in a process, which is set once."""


@pytest.fixture(scope="module", autouse=True)
def tracing() -> Iterator[None]:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(EXPORTER))
    trace.set_tracer_provider(provider)
    yield
    EXPORTER.shutdown()  # the provider stays, and once it is shut down it would complain of every span


@pytest.fixture(autouse=True)
def exported() -> Iterator[InMemorySpanExporter]:
    EXPORTER.clear()
    yield EXPORTER
    EXPORTER.clear()


@pytest.fixture
def canary() -> Canary:
    return Canary()


@pytest.fixture
def service(authority: Authority, canary: Canary) -> Iterator[EmbeddedRegistry]:
    """Stands for a token service."""
    with EmbeddedRegistry(tls=authority.server_context("localhost"), users={"alice": "x"}) as running:
        yield running


@pytest.fixture
def broker(desk: Desk, service: EmbeddedRegistry, canary: Canary) -> Broker:
    def fetch(request: FetchRequest[NoOptions]) -> Credential:
        secret = canary.ascii
        url = f"https://{service.address}/v2/?sig={SIGNATURE}"  # which httpx itself logs
        answer = request.http.get(url, headers={"X-Token": secret.reveal()})
        if request.target.path == "refused":
            raise CredentialUnavailable(f"status {answer.status_code}")
        return Basic(username="alice", secret=secret)

    return desk.broker(made_rule("registry.test"), offered=[MadeProvider(fetch)])


def by_name(spans: tuple[ReadableSpan, ...]) -> dict[str, ReadableSpan]:
    return {span.name: span for span in spans}


@pytest.mark.parametrize("mode", MODES)
def test_a_fetch_is_three_spans_one_in_the_other(
    broker: Broker, service: EmbeddedRegistry, exported: InMemorySpanExporter, mode: Mode
) -> None:
    with trace.get_tracer("test").start_as_current_span("the caller's"):
        ask(broker, mode, "registry.test/app")
    spans = by_name(exported.get_finished_spans())
    assert [*spans] == ["GET", "broker.provider.refresh", "broker.get_token", "the caller's"]
    for inner, outer in zip([*spans][:-1], [*spans][1:], strict=True):
        parent = spans[inner].parent
        assert parent is not None
        assert parent.span_id == spans[outer].context.span_id
    host, _, port = service.address.partition(":")
    assert dict(spans["GET"].attributes or {}) == {
        "http.request.method": "GET",
        "server.address": host,
        "server.port": int(port),
        "http.response.status_code": 401,
        "error.type": "401",
    }
    assert spans["GET"].kind is SpanKind.CLIENT
    assert dict(spans["broker.provider.refresh"].attributes or {}) == {
        "ocibroker.provider": "made",
        "ocibroker.trigger": "miss",
    }


def test_what_is_remembered_is_none(broker: Broker, exported: InMemorySpanExporter) -> None:
    broker.access("registry.test/app")
    exported.clear()
    broker.access("registry.test/app")
    assert exported.get_finished_spans() == ()


def test_a_failure_is_told_by_its_type_and_no_span_holds_a_secret(
    broker: Broker, exported: InMemorySpanExporter, canary: Canary
) -> None:
    with pytest.raises(CredentialUnavailable):
        broker.access("registry.test/refused")
    spans = by_name(exported.get_finished_spans())
    for name in ("broker.get_token", "broker.provider.refresh"):
        assert (spans[name].attributes or {})["error.type"] == "CredentialUnavailable"
        assert (spans[name].status.status_code, spans[name].status.description) == (StatusCode.ERROR, None)
        assert spans[name].events == ()
    told = "".join(span.to_json() for span in exported.get_finished_spans())
    assert canary.hits(told) == []
    assert SIGNATURE not in told


def test_an_error_of_the_connection_is_told_by_its_type(
    desk: Desk, exported: InMemorySpanExporter, authority: Authority
) -> None:
    def fetch(request: FetchRequest[NoOptions]) -> Credential:
        request.http.get("https://localhost:1/")
        raise AssertionError

    broker = desk.broker(made_rule("registry.test"), offered=[MadeProvider(fetch)])
    with pytest.raises(Exception, match="localhost:1"):
        broker.access("registry.test/app", deadline=2)
    sent = [span for span in exported.get_finished_spans() if span.name == "GET"]
    assert {(span.attributes or {})["error.type"] for span in sent} == {"ConnectionFailed"}


def test_nobody_is_made_to_import_it(tmp_path: Path) -> None:
    code = "import sys, ocibroker.broker, ocibroker.transport.observed; print('opentelemetry' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
