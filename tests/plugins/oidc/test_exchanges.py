"""Each exchange: asked as its vendor documents it, and what becomes of its answers and refusals."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from ocibroker import Basic
from ocibroker.credential import Bearer
from ocibroker.errors import ConfigurationError, CredentialUnavailable, IdentityRefused
from ocibroker.testing import CannedResponse
from ocibroker_oidc.exchanges import EXCHANGES
from ocibroker_oidc.options import ExchangeName, SourceName
from ocibroker_oidc.sources import SOURCES
from tests.oidc.exchanges import CLIENT
from tests.oidc.world import BODY, World
from tests.plugins.oidc.asking import CASES, HOSTS, Asker, Case, rule
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock

every_exchange = pytest.mark.parametrize("name", CASES)


@pytest.fixture
def asker(desk: Desk, world: World, clock: HandClock) -> Asker:
    return Asker(desk, world, clock)


def kept(asker: Asker, case: Case, token: str = "") -> str:
    """Return the rule for an identity token that lies in a file."""
    path = asker.desk.folder / "identity"
    path.write_text(token or asker.world.identity(case.audience))
    return case.rule(token={"file": str(path)})


def test_the_tables_have_what_a_rule_may_name() -> None:
    assert (get_args(ExchangeName), get_args(SourceName)) == (tuple(EXCHANGES), tuple(SOURCES))
    assert CASES.keys() == EXCHANGES.keys()


@every_exchange
def test_a_token_in_a_file_becomes_a_credential(name: str, asker: Asker, clock: HandClock) -> None:
    case = CASES[name]
    found = asker.access(kept(asker, case), case.registry).credential
    assert isinstance(found, Basic)
    assert (found.username, found.secret.reveal()) == (case.user, asker.world.given[-1])
    assert found.expires_at is not None
    assert abs(found.expires_at - clock.now() - timedelta(seconds=case.life)) <= timedelta(seconds=1)
    assert [line.split("/")[0] for line in asker.world.asked] == [asker.world.asked[0].split("/")[0]]
    assert HOSTS[name] in asker.world.asked[0]


@every_exchange
def test_a_token_that_is_not_trusted_is_refused_in_words(name: str, asker: Asker) -> None:
    case = CASES[name]
    error = asker.failure(kept(asker, case, "an.untrusted.token"), case.registry)
    assert isinstance(error, CredentialUnavailable)
    assert "refused the token: " in error.message
    assert "issuer, audience and subject" in error.hint
    assert HOSTS[name] in error.culprit


@every_exchange
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_service_that_is_busy_is_told_apart(name: str, status: int, asker: Asker) -> None:
    case = CASES[name]
    asker.world.failing = CannedResponse.of_json({"error": "access_denied"}, status=status)
    error = asker.failure(kept(asker, case), case.registry)
    assert (f"status {status}" in error.message, "later" in error.hint) == (True, True)
    assert not isinstance(error, IdentityRefused)


@every_exchange
@pytest.mark.parametrize(
    "body", [b"", BODY.encode(), b"{}", b"[]", b'{"token": 7}', b'{"token": "", "access_token": ""}']
)
def test_an_answer_without_a_token_is_an_error(name: str, body: bytes, asker: Asker) -> None:
    case = CASES[name]
    asker.world.failing = CannedResponse(200, {"Content-Type": "application/json"}, body)
    assert "without a token" in asker.failure(kept(asker, case), case.registry).message


@every_exchange
def test_no_redirect_is_followed_with_the_token(name: str, asker: Asker) -> None:
    case = CASES[name]
    asker.world.failing = CannedResponse(302, {"Location": "https://sts.example.test/elsewhere"})
    asker.failure(kept(asker, case), case.registry)
    assert len(asker.world.asked) == 1


@pytest.mark.parametrize(
    ("code", "refused"),
    [("invalid_grant", True), ("access_denied", True), ("invalid_target", False), ("unauthorized_client", True)],
)
def test_a_code_of_oauth_is_shown_and_some_of_them_are_certain(code: str, *, refused: bool, asker: Asker) -> None:
    case = CASES["rfc8693"]
    asker.world.failing = CannedResponse.of_json({"error": code, "error_description": BODY}, status=400)
    error = asker.failure(kept(asker, case), case.registry)
    assert error.message == f"refused the token: {code}, status 400"
    assert isinstance(error, IdentityRefused) is refused


class TestRfc8693:
    def test_without_a_user_it_is_a_bearer_token(self, asker: Asker) -> None:
        case = CASES["rfc8693"]
        text = kept(asker, case).replace('username = "robot", ', "")
        found = asker.access(text, case.registry).credential
        assert isinstance(found, Bearer)
        assert found.secret.reveal() == asker.world.given[-1]

    def test_what_is_no_bearer_token_needs_a_user(self, asker: Asker) -> None:
        case = CASES["rfc8693"]
        asker.world.failing = CannedResponse.of_json({"access_token": "abc", "token_type": "N_A"})
        text = kept(asker, case)
        assert asker.access(text, case.registry).headers()
        error = asker.failure(text.replace('username = "robot", ', ""), case.registry)
        assert (error.message, "set username" in error.hint) == ("gave what is no bearer token", True)

    @pytest.mark.parametrize(
        ("parameters", "code"),
        [({"audience": "another"}, "invalid_target"), ({"audience": "registry", "scope": "x"}, "invalid_request")],
    )
    def test_the_parameters_of_the_rule_are_sent(self, parameters: dict[str, str], code: str, asker: Asker) -> None:
        case = CASES["rfc8693"]
        path = asker.desk.folder / "identity"
        path.write_text(asker.world.identity())
        text = case.rule(token={"file": str(path)}, parameters=parameters)
        assert code in asker.failure(text, case.registry).message

    def test_a_client_without_a_secret_names_itself_in_the_form(self, asker: Asker) -> None:
        case = CASES["rfc8693"]
        asker.world.failing = CannedResponse.of_json({"access_token": "abc", "token_type": "Bearer"})
        text = kept(asker, case).replace(f'client_secret = "{CLIENT[1]}", ', "")
        asker.access(text, case.registry)
        (request,) = asker.world.tls.requests
        assert (b"client_id=broker" in request.body, request.headers.get("authorization")) == (True, None)

    def test_a_token_that_no_header_can_carry_is_no_bearer_token(self, asker: Asker) -> None:
        case = CASES["rfc8693"]
        asker.world.failing = CannedResponse.of_json({"access_token": "a b", "token_type": "Bearer"})
        text = kept(asker, case).replace('username = "robot", ', "")
        assert asker.failure(text, case.registry).message == "gave what is no bearer token"

    def test_another_client_is_refused(self, asker: Asker) -> None:
        case = CASES["rfc8693"]
        text = kept(asker, case).replace('client_id = "broker"', 'client_id = "other"')
        assert "invalid_client, status 401" in asker.failure(text, case.registry).message


class TestLife:
    def test_what_does_not_say_when_it_ends_is_believed_for_five_minutes(
        self, asker: Asker, clock: HandClock
    ) -> None:
        case = CASES["quay"]
        asker.world.failing = CannedResponse.of_json({"token": "opaque"})
        found = asker.access(kept(asker, case), case.registry).credential
        assert isinstance(found, Basic)
        assert found.expires_at == clock.now() + timedelta(minutes=5)

    @pytest.mark.parametrize("seconds", [-1, 0.5, 1e12])
    def test_an_absurd_life_is_bounded(self, seconds: float, asker: Asker, clock: HandClock) -> None:
        case = CASES["artifactory"]
        said = {"access_token": "opaque", "username": "ci", "expires_in": seconds}
        asker.world.failing = CannedResponse.of_json(said)
        if seconds < 0:
            assert "has expired" in asker.failure(kept(asker, case), case.registry).message
            return
        found = asker.access(kept(asker, case), case.registry).credential
        assert isinstance(found, Basic)
        assert found.expires_at is not None
        assert found.expires_at <= clock.now() + timedelta(days=1)

    def test_another_token_in_the_file_gets_another_credential(self, asker: Asker, clock: HandClock) -> None:
        case = CASES["quay"]
        broker = asker.broker(kept(asker, case))
        for wait in (0, 1):
            clock.sleep(wait)
            broker.access(f"{case.registry}/team/app")
        assert len(asker.world.given) == 1
        kept(asker, case)
        clock.sleep(1)
        broker.access(f"{case.registry}/team/app")
        assert len(asker.world.given) == 2


@pytest.mark.parametrize(("seconds", "said"), [("3600", 3600), ("600", 600)])
def test_a_token_of_docker_hub_lives_as_long_as_was_asked_for(
    seconds: str, said: int, asker: Asker, clock: HandClock
) -> None:
    case = CASES["dockerhub"]
    parameters = {**case.options["parameters"], "expires_in": seconds}
    text = rule(case.registry, {**case.options, "token": {"env": "ID"}, "parameters": parameters})
    found = asker.access(text, case.registry, {"ID": asker.world.identity(case.audience)}).credential
    assert isinstance(found, Basic)
    assert found.expires_at == clock.now() + timedelta(seconds=said)


def test_a_life_that_is_no_number_is_not_asked_for(asker: Asker) -> None:
    case = CASES["dockerhub"]
    parameters = {**case.options["parameters"], "expires_in": "an hour"}
    text = rule(case.registry, {**case.options, "token": {"env": "ID"}, "parameters": parameters})
    assert "no number of seconds" in asker.failure(text, case.registry, {"ID": "a.b.c"}).message
    assert asker.world.asked == []


def test_a_platform_that_names_no_user_wants_one_of_the_rule(asker: Asker) -> None:
    case = CASES["artifactory"]
    asker.world.failing = CannedResponse.of_json({"access_token": "opaque", "expires_in": 60})
    assert "set username" in asker.failure(kept(asker, case), case.registry).hint


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"exchange": "rfc8693"}, "needs url"),
        ({"exchange": "quay"}, "needs username"),
        ({"exchange": "dockerhub"}, r"needs username, parameters\.connection_id"),
        ({"exchange": "chainguard"}, r"needs parameters\.identity"),
        ({"exchange": "cloudsmith", "parameters": {"organization": "a"}}, r"needs parameters\.service_slug"),
        ({"exchange": "quay", "username": "a", "parameters": {"scope": "b"}}, r"takes no parameters\.scope"),
        (
            {"exchange": "rfc8693", "url": "https://a", "parameters": {"subject_token": "b"}},
            r"takes no parameters\.subject_token",
        ),
        ({"exchange": "rfc8693", "url": "http://a"}, "no https:// URL"),
        ({"exchange": "quay", "username": "a", "client_id": "b"}, "for the exchange rfc8693 only"),
        ({"exchange": "rfc8693", "url": "https://a", "client_secret": "b"}, "needs client_id"),
        ({"exchange": "keycloak"}, "exchange"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_when_it_is_read(
    options: dict[str, object], why: str, desk: Desk, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=why):
        desk.broker(rule("a.example", {**options, "source": "github-actions"}))
