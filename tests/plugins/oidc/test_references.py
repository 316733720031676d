"""Identity tokens as secrets of whatever rule: who is asked for one, how long it is good, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from ocibroker import Basic, Broker
from ocibroker.errors import ConfigurationError, CredentialUnavailable
from ocibroker.testing import Authority, CannedResponse
from tests.azure.registry_tokens import unsigned
from tests.oidc.issuers import GITHUB
from tests.oidc.world import BODY, World
from tests.plugins.oidc.references import GITHUB_ACTIONS, KUBERNETES_TOKEN, REFERENCES, Reference
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock
from tests.vault import emulator as vault
from tests.vendors.stored import TARGET, failure, password

EVERY = pytest.mark.parametrize("reference", REFERENCES, ids=lambda one: one.name)
AUDIENCE = "https://charts.example.com/?a b&c=d"


def rule(reference: str) -> str:
    options = f'{{ username = "alice", password = {reference} }}'
    return f'[[registry]]\nmatch = "{TARGET}"\nprovider = "basic"\noptions = {options}\n'


def asking(desk: Desk, world: World, reference: Reference, pod: Path, more: str = "", **environ: str) -> Broker:
    """Return a broker whose password is such a token."""
    text = rule(reference.to(AUDIENCE, pod, more))
    known: Mapping[str, str] = {**reference.environ, **environ}
    return desk.broker(text, environ=known, route=world.route, clock=HandClock())


@EVERY
def test_a_token_for_the_audience_is_asked_for_when_it_is_needed(
    reference: Reference, desk: Desk, world: World, pod: Path
) -> None:
    broker = asking(desk, world, reference, pod)
    assert world.asked == []
    token = password(broker)
    assert world.issuer(reference.issuer).subject(token, AUDIENCE) == reference.subject
    assert password(broker) == token


@EVERY
def test_an_error_names_what_was_asked_for(reference: Reference, desk: Desk, world: World, pod: Path) -> None:
    world.failing = CannedResponse(500, {}, BODY.encode())
    place = reference.place.format(audience=AUDIENCE, pod=pod)
    error = failure(asking(desk, world, reference, pod), f"{reference.name} {place}", CredentialUnavailable)
    assert ("status 500" in error.message, BODY in str(error)) == (True, False)


@EVERY
def test_it_is_asked_for_anew_before_it_ends(
    reference: Reference, desk: Desk, world: World, pod: Path, clock: HandClock
) -> None:
    text = rule(reference.to(AUDIENCE, pod, "ttl = 86400.0"))
    broker = desk.broker(text, environ=reference.environ, route=world.route, clock=clock, ahead=False)
    for _ in range(40):
        clock.move(97)
        token = password(broker)
        world.issuer(reference.issuer).subject(token, AUDIENCE)  # raises for one that has ended
    assert 1 < len(world.subjects) < 40


@pytest.mark.parametrize(("more", "seconds"), [("", 240), ("ttl = 7.0", 7), ("ttl = 900.0", 300)])
def test_a_credential_says_that_it_ends(
    more: str, seconds: int, desk: Desk, world: World, pod: Path, clock: HandClock
) -> None:
    text = rule(GITHUB_ACTIONS.to(AUDIENCE, pod, more))
    found = desk.broker(text, environ=GITHUB, route=world.route, clock=clock).access(TARGET).credential
    assert isinstance(found, Basic)
    assert found.expires_at is not None
    assert found.expires_at - clock.now() <= timedelta(seconds=seconds)
    assert found.expires_at - clock.now() > timedelta(seconds=seconds - 1)


def test_a_pod_whose_own_token_was_renewed_is_the_same(desk: Desk, world: World, pod: Path) -> None:
    clock = HandClock()
    text, environ = rule(KUBERNETES_TOKEN.to(AUDIENCE, pod)), KUBERNETES_TOKEN.environ
    broker = desk.broker(text, environ=environ, route=world.route, clock=clock)
    token = password(broker)
    (pod / "..data_tmp").symlink_to(pod)  # as the kubelet does it
    (pod / "token").write_text("an0ther-t0ken-of-the-pod")
    world.failing = CannedResponse(500, {}, BODY.encode())
    clock.move(1)
    assert (password(broker), broker.explain(TARGET).watch) == (token, ())


def test_one_that_says_no_end_is_remembered_for_its_ttl(desk: Desk, world: World, pod: Path) -> None:
    world.failing = CannedResponse.of_json({"value": "opaque"})
    clock = HandClock()
    broker = desk.broker(rule(GITHUB_ACTIONS.to(AUDIENCE, pod)), environ=GITHUB, route=world.route, clock=clock)
    for seconds in (0, 239, 1):
        clock.move(seconds)
        assert password(broker) == "opaque"
    assert len(world.asked) == 2


@pytest.mark.parametrize("claims", [{"iat": 1, "exp": 301}, {"exp": 301}], ids=["with-iat", "without"])
@EVERY
def test_one_that_has_ended_is_never_sent(
    reference: Reference, claims: dict[str, int], desk: Desk, world: World, pod: Path
) -> None:
    ended = unsigned(claims)
    said = {"value": ended, "status": {"token": ended}}
    status = 201 if reference.name == "kubernetes_token" else 200
    world.failing = CannedResponse.of_json(said, status=status)
    if reference.name == "google_identity":
        world.failing = CannedResponse(200, {"Metadata-Flavor": "Google"}, ended.encode())
    error = failure(asking(desk, world, reference, pod), reference.name, CredentialUnavailable)
    assert ("has expired" in error.message, error.hint) == (True, "set this machine's clock")


@pytest.mark.parametrize(
    ("ends", "why"),
    [("2020-01-01T00:00:00Z", "has expired"), ("2100-01-01T00:00:00", "answered without a token")],
    ids=["past", "in-no-zone"],
)
def test_one_that_the_api_server_says_has_ended_is_never_sent(
    ends: str, why: str, desk: Desk, world: World, pod: Path
) -> None:
    said = {"status": {"token": "opaque", "expirationTimestamp": ends}}
    world.failing = CannedResponse.of_json(said, status=201)
    error = failure(asking(desk, world, KUBERNETES_TOKEN, pod), "kubernetes_token", CredentialUnavailable)
    assert why in error.message


def test_an_opaque_one_ends_when_the_api_server_says(desk: Desk, world: World, pod: Path, clock: HandClock) -> None:
    ends = clock.now().replace(microsecond=0) + timedelta(seconds=60)
    said = {"status": {"token": "opaque", "expirationTimestamp": ends.isoformat()}}
    world.failing = CannedResponse.of_json(said, status=201)
    text = rule(KUBERNETES_TOKEN.to(AUDIENCE, pod))
    broker = desk.broker(text, environ=KUBERNETES_TOKEN.environ, route=world.route, clock=clock)
    found = broker.access(TARGET).credential
    assert isinstance(found, Basic)
    assert found.expires_at == ends


def test_a_vault_is_entered_by_it(desk: Desk, world: World, pod: Path, authority: Authority) -> None:
    world.failing = CannedResponse.of_json({"value": "e.y.J"})
    with vault.serving(authority.server_context(vault.HOST)) as server:
        server.kv2["secret/charts"] = {"password": "wonder"}
        server.logins["jwt"] = vault.Login({"role": "ci", "jwt": "e.y.J"})
        login = f'auth = "jwt", role = "ci", jwt = {GITHUB_ACTIONS.to("https://vault.example.com", pod)}'
        text = rule(f'{{ vault = {{ url = "{server.url}", path = "charts", {login} }} }}')
        assert password(desk.broker(text, environ=GITHUB, route=world.beside(desk.route))) == "wonder"
    assert [line.partition(" ")[0] for line in server.asked] == ["POST", "GET"]


def test_two_jobs_of_one_runner_never_share_what_was_got(desk: Desk, world: World, pod: Path) -> None:
    text = rule(GITHUB_ACTIONS.to(AUDIENCE, pod)) + '[cache]\nstore = "file"\n'
    other = {**GITHUB, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "an0ther-request-t0ken"}
    kept = {"XDG_RUNTIME_DIR": str(desk.folder)}
    first, second = (desk.broker(text, environ={**one, **kept}, route=world.route) for one in (GITHUB, GITHUB))
    assert password(first) == password(second)
    stranger = desk.broker(text, environ={**other, **kept}, route=world.route)
    assert "status 401" in failure(stranger, "github_actions for").message


@EVERY
def test_elsewhere_no_login_of_another_tool_takes_its_place(
    reference: Reference, desk: Desk, world: World, pod: Path
) -> None:
    world.plain.server.server_close()
    world.plain.port = 1
    broker = desk.broker(rule(reference.to(AUDIENCE, pod)), route=world.route)
    assert type(failure(broker, reference.name)) is CredentialUnavailable


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("{ google_identity = {} }", "audience"),
        ('{ google_identity = { audience = "" } }', "audience is empty"),
        ("{ kubernetes_token = {} }", "service_account"),
        ('{ kubernetes_token = { service_account = "../a" } }', "something else than namespace/name"),
        ('{ github_actions = { audiance = "a" } }', "did you mean audience"),
        ("{ github_actions = { ttl = 0.0 } }", "ttl"),
    ],
)
def test_a_reference_that_cannot_work_is_refused_when_it_is_read(reference: str, why: str, desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match=why):
        desk.broker(rule(reference))
