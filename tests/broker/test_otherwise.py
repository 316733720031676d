"""Who is asked where a provider that nobody has chosen finds no identity: the logins of other tools."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from ocibroker import Access, Anonymous, Basic, Credential, Secret
from ocibroker.claim import Claim, Strength
from ocibroker.errors import CredentialUnavailable, NoIdentity, OcibrokerError
from ocibroker.provider import FetchRequest, Target
from ocibroker.testing import Authority, EmbeddedRegistry
from tests.transport.brokers import MODES, Desk, Mode, ask, exchange, made_rule
from tests.transport.hand_clock import HandClock
from tests.transport.made_provider import MadeProvider, NoOptions

HOST = "registry.test"
TARGET = f"{HOST}/app"
CLOUD = Basic(username="cloud", secret=Secret("ambient"))
Outcome = Credential | Anonymous | OcibrokerError
NOBODY = NoIdentity("no identity was found", hint="log in")
PUBLIC = Anonymous("it serves the public")


def claiming(outcome: Outcome) -> MadeProvider:
    """Return a provider that claims the host, and ends so."""

    def claim(target: Target) -> Claim | None:
        return Claim(Strength.PATTERN, "it is the cloud's") if target.host == HOST else None

    def fetch(_: FetchRequest[NoOptions]) -> Credential | Anonymous:
        return raised_or(outcome)

    return MadeProvider(fetch, claim=claim)


@pytest.fixture
def login(tmp_path: Path) -> dict[str, str]:
    """An environment in which somebody has run `docker login`."""
    folder = tmp_path / "docker"
    folder.mkdir()
    auth = base64.b64encode(b"alice:wonder").decode()
    (folder / "config.json").write_text(json.dumps({"auths": {HOST: {"auth": auth}}}))
    return {"DOCKER_CONFIG": str(folder), "HOME": str(tmp_path)}


def user(access: Access) -> str:
    assert isinstance(access.credential, Basic)
    return access.credential.username


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("outcome", [NOBODY, PUBLIC], ids=["nobody", "public"])
def test_without_an_identity_the_login_of_another_tool_serves(
    desk: Desk, login: dict[str, str], outcome: Outcome, mode: Mode
) -> None:
    broker = desk.broker(environ=login, offered=[claiming(outcome)])
    for _ in range(2):
        access = ask(broker, mode, TARGET)
        assert (user(access), access.provider) == ("alice", "docker-config")


@pytest.mark.parametrize("mode", MODES)
def test_an_identity_goes_before_a_login(desk: Desk, login: dict[str, str], mode: Mode) -> None:
    access = ask(desk.broker(environ=login, offered=[claiming(CLOUD)]), mode, TARGET)
    assert (user(access), access.provider) == ("cloud", "made")


@pytest.mark.acceptance(36)
@pytest.mark.parametrize("mode", MODES)
def test_an_identity_that_fails_is_an_error_and_no_reason_to_look_elsewhere(
    desk: Desk, login: dict[str, str], mode: Mode
) -> None:
    broker = desk.broker(environ=login, offered=[claiming(CredentialUnavailable("the session has ended"))])
    with pytest.raises(CredentialUnavailable, match="the session has ended"):
        ask(broker, mode, TARGET)


@pytest.mark.parametrize("mode", MODES)
def test_without_identity_and_login_the_first_outcome_stands(desk: Desk, tmp_path: Path, mode: Mode) -> None:
    home = {"HOME": str(tmp_path)}
    with pytest.raises(NoIdentity, match=r"no identity was found \(log in\)"):
        ask(desk.broker(environ=home, offered=[claiming(NOBODY)]), mode, TARGET)
    access = ask(desk.broker(environ=home, offered=[claiming(PUBLIC)]), mode, TARGET)
    assert (access.credential, access.provider) == (PUBLIC, "made")


def test_who_was_chosen_by_a_rule_is_asked_alone(desk: Desk, login: dict[str, str]) -> None:
    with pytest.raises(NoIdentity):
        desk.broker(made_rule(HOST), environ=login, offered=[claiming(NOBODY)]).access(TARGET)


def test_explain_tells_who_is_asked_then(desk: Desk, login: dict[str, str]) -> None:
    told = desk.broker(environ=login, offered=[claiming(NOBODY)]).explain(TARGET)
    assert (told.provider, told.otherwise) == ("made", "docker-config")
    assert desk.broker(environ=login).explain(TARGET).otherwise is None


def test_an_identity_that_comes_later_takes_over(desk: Desk, login: dict[str, str], clock: HandClock) -> None:
    answers: list[Outcome] = [NOBODY, CLOUD]
    provider = claiming(NOBODY)
    later = MadeProvider(lambda _: raised_or(answers.pop(0)), claim=provider.claim)
    broker = desk.broker(environ=login, offered=[later], clock=clock)
    assert user(broker.access(TARGET)) == "alice"
    clock.move(60)
    assert user(broker.access(TARGET)) == "cloud"


@pytest.mark.parametrize("mode", MODES)
def test_a_login_that_is_refused_is_looked_up_anew(
    desk: Desk, login: dict[str, str], authority: Authority, mode: Mode
) -> None:
    with EmbeddedRegistry(tls=authority.server_context(HOST), auth="basic", users={"alice": "changed"}) as registry:
        desk.ports[(HOST, 443)] = registry.port
        broker = desk.broker(environ=login, offered=[claiming(NOBODY)])
        access = ask(broker, mode, TARGET)
        config = Path(login["DOCKER_CONFIG"]) / "config.json"
        auth = base64.b64encode(b"alice:changed").decode()
        config.write_text(json.dumps({"auths": {HOST: {"auth": auth}}}))
        assert exchange(access, mode, "GET", "/v2/").status_code == 200


def raised_or(outcome: Outcome) -> Credential | Anonymous:
    if isinstance(outcome, OcibrokerError):
        raise outcome.restated()
    return outcome
