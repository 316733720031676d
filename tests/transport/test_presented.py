"""When the certificates end of hosts that were connected to: learned from handshakes that were needed anyway."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker import Bearer, Broker, Secret, Target
from ocibroker.asked import Asked
from ocibroker.errors import OcibrokerError
from ocibroker.origin import Origin
from ocibroker.provider import FetchRequest
from ocibroker.testing import Authority
from ocibroker.tls.validity import ends
from ocibroker.transport.presented import PeerCertificate, Presented
from tests.transport.answering_server import OK, AnsweringServer, answering
from tests.transport.brokers import MODES, Desk, Mode, exchange, made_rule, rule
from tests.transport.connect_proxy import proxying
from tests.transport.hand_clock import HandClock
from tests.transport.made_provider import MadeProvider, NoOptions

HOST, TOKENS = "registry.test", "token.test"


@pytest.fixture
def registry(authority: Authority) -> Iterator[AnsweringServer]:
    with answering(OK, authority.server_context(HOST)) as running:
        yield running


def end_of(authority: Authority, *, expired: bool = False) -> datetime:
    return ends(authority.issue(HOST, expired=expired).certificate)[0]


def shown(broker: Broker, target: str) -> dict[str, datetime]:
    inquiry, _ = broker.upkeep.answering(Target.parse(target))
    return {one.origin.authority: one.ends for one in broker.upkeep.peers(inquiry)}


@pytest.mark.parametrize("mode", MODES)
def test_a_handshake_with_the_registry_tells_the_end_of_its_certificate(
    desk: Desk, registry: AnsweringServer, authority: Authority, mode: Mode
) -> None:
    name = f"{HOST}:{registry.port}"
    broker = desk.broker(rule(name))
    assert shown(broker, f"{name}/app") == {}
    exchange(broker.access(f"{name}/app"), mode, "GET", "/v2/")
    assert shown(broker, f"{name}/app") == {name: end_of(authority)}


def test_looking_connects_to_nobody(desk: Desk, registry: AnsweringServer) -> None:
    name, dialled = f"{HOST}:{registry.port}", list[str]()

    def route(host: str, port: int) -> tuple[str, int]:
        dialled.append(host)
        return "127.0.0.1", port

    broker = desk.broker(rule(name), route=route)
    exchange(broker.access(f"{name}/app"), "sync", "GET", "/v2/")
    for _ in range(3):
        assert shown(broker, f"{name}/app")
    assert dialled == [HOST]


def asking_tokens(port: int, scheme: str = "https") -> MadeProvider:
    """A provider that asks a token service of its own."""

    def fetch(request: FetchRequest[NoOptions]) -> Bearer:
        request.http.get(f"{scheme}://{TOKENS}:{port}/token")
        return Bearer(secret=Secret("t"), expires_at=request.clock.now() + timedelta(hours=1))

    return MadeProvider(fetch)


def test_whom_its_provider_has_asked_is_told_of_a_target_and_of_no_other(desk: Desk, authority: Authority) -> None:
    with answering(OK, authority.server_context(TOKENS)) as tokens:
        broker = desk.broker(made_rule(HOST) + rule("other.test"), offered=[asking_tokens(tokens.port)])
        broker.access(f"{HOST}/app")
        broker.access("other.test/app")
        assert shown(broker, f"{HOST}/app") == {f"{TOKENS}:{tokens.port}": end_of(authority)}
        assert shown(broker, "other.test/app") == {}


def test_a_listed_token_endpoint_is_told(desk: Desk, registry: AnsweringServer, authority: Authority) -> None:
    with answering(OK, authority.server_context(TOKENS)) as tokens:
        realm = f"{TOKENS}:{tokens.port}"
        broker = desk.broker(rule(HOST, more=f'realms = ["{realm}"]') + rule(realm))
        exchange(broker.access(f"{realm}/x"), "sync", "GET", "/v2/")
        assert shown(broker, f"{HOST}/app") == {realm: end_of(authority)}


@pytest.mark.parametrize("mode", MODES)
def test_what_was_not_verified_is_told_too(desk: Desk, authority: Authority, mode: Mode) -> None:
    issued = authority.issue(HOST, expired=True)
    with answering(OK, issued.server_context()) as registry:
        name = f"{HOST}:{registry.port}"
        broker = desk.broker(rule(name) + f'[[tls]]\nmatch = "{name}"\ninsecure = true\n')
        exchange(broker.access(f"{name}/app"), mode, "GET", "/v2/")
        assert shown(broker, f"{name}/app") == {name: ends(issued.certificate)[0]}


def test_a_handshake_that_fails_tells_nothing(desk: Desk, authority: Authority) -> None:
    with answering(OK, authority.issue(HOST, expired=True).server_context()) as registry:
        name = f"{HOST}:{registry.port}"
        broker = desk.broker(rule(name))
        with pytest.raises(OcibrokerError):
            exchange(broker.access(f"{name}/app"), "sync", "GET", "/v2/")
        assert shown(broker, f"{name}/app") == {}


@pytest.mark.parametrize("mode", MODES)
def test_a_proxy_s_certificate_is_not_taken_for_the_host_s(
    desk: Desk, registry: AnsweringServer, authority: Authority, mode: Mode
) -> None:
    name = f"{HOST}:{registry.port}"
    with proxying(authority.issue("proxy.test", expired=True).server_context()) as proxy:
        near = f"proxy.test:{proxy.port}"
        tls = f'[[tls]]\nmatch = "{name}"\nproxy = "https://{near}"\n[[tls]]\nmatch = "{near}"\ninsecure = true\n'
        broker = desk.broker(rule(name) + tls)
        exchange(broker.access(f"{name}/app"), mode, "GET", "/v2/")
        assert len(proxy.lines) == 1
    assert shown(broker, f"{name}/app") == {name: end_of(authority)}


def test_over_plain_http_there_is_nothing_to_tell(desk: Desk) -> None:
    with answering(OK) as registry:
        name = f"{HOST}:{registry.port}"
        broker = desk.broker(rule(name) + f'[[tls]]\nmatch = "{name}"\nplain_http = true\n')
        exchange(broker.access(f"{name}/app"), "sync", "GET", "/v2/")
        assert shown(broker, f"{name}/app") == {}


def test_it_is_known_after_a_reload_and_as_of_the_last_handshake(
    desk: Desk, registry: AnsweringServer, authority: Authority, clock: HandClock
) -> None:
    name = f"{HOST}:{registry.port}"
    before = desk.broker(rule(name), clock=clock)
    exchange(before.access(f"{name}/app"), "sync", "GET", "/v2/")
    seen = clock.now()
    clock.move(60)
    after = desk.broker(rule(name), clock=clock, before=before)
    inquiry, _ = after.upkeep.answering(Target.parse(f"{name}/app"))
    origin = Origin("https", HOST, registry.port)
    assert after.upkeep.peers(inquiry) == (PeerCertificate(origin=origin, ends=end_of(authority), seen=seen),)


@given(st.binary(max_size=300))
def test_whatever_is_presented_is_no_error(der: bytes) -> None:
    Presented(HandClock()).note(Origin("https", HOST, 443), der)


def test_hosts_without_end_take_no_memory_without_end(authority: Authority, clock: HandClock) -> None:
    der = ssl.PEM_cert_to_DER_cert(authority.pem)
    presented = Presented(clock)
    for number in range(2000):
        presented.note(Origin("https", f"h{number}.test", 443), der)
        presented.note(Origin("https", HOST, 443), der)
    known = [number for number in range(2000) if presented.of(Origin("https", f"h{number}.test", 443))]
    assert known == [*range(2000 - 1023, 2000)]
    assert presented.of(Origin("https", HOST, 443)) is not None


def test_of_many_keys_those_that_were_fetched_last_are_remembered() -> None:
    asked = Asked()
    origins = frozenset({Origin("https", TOKENS, 443)})
    for number in range(9000):
        asked.note(f"{number}", origins)
        asked.note("again and again", origins)
        asked.note("again and again", frozenset())
    assert asked.of("again and again") == origins
    assert [number for number in range(9000) if asked.of(f"{number}")] == [*range(9000 - 4095, 9000)]
