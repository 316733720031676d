"""GitHub: tokens of Apps, of workflows and of persons."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ocibroker import Anonymous, Basic, Broker
from ocibroker.errors import CredentialUnavailable, IdentityRefused, NoIdentity
from ocibroker.provider import PrivateKey
from ocibroker.testing import Authority, CannedResponse, ProviderContract
from ocibroker.testing.contract import SDKS
from ocibroker_github import GitHubProvider
from ocibroker_github.json_web_token import signed
from tests.transport.answering_server import AnsweringServer, answering
from tests.transport.brokers import Desk
from tests.vendors.asking import answered, complaint, failure, pair, rule
from tests.vendors.github import API, HOST, REQUEST_ID, GitHub, new_key, pem

SERVER = "containers.github.example"
APP, NUMBER = "Iv23liAbCdEf", 4711
KEY = new_key()
PEM = pem(KEY)
TOKEN, ISSUED = "ghp_of-the-contract", "ghs_of-the-contract"
WORKFLOW: Mapping[str, str] = MappingProxyType(
    {"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "octocat", "GITHUB_TOKEN": TOKEN}
)


class _Contract(ProviderContract):
    provider = GitHubProvider()
    recognised = (f"{HOST}/acme/app", f"{HOST}:443/acme/app")
    look_alikes = (
        f"{HOST}.evil.example/acme/app",
        f"x{HOST}",
        f"{HOST}:5000",
        "docker.pkg.github.com",
        "containers.github.example",
    )
    secrets = (TOKEN, ISSUED, PEM)
    sdks = (*SDKS, "cryptography")


class TestApp(_Contract):
    options: Mapping[str, Any] = MappingProxyType(
        {"app": APP, "private_key": {"file": "key.pem"}, "installation": NUMBER}
    )

    def prepare(self, folder: Path) -> Mapping[str, str]:
        (folder / "key.pem").write_text(PEM)
        return {}

    def answer(self, request: httpx.Request) -> httpx.Response:
        expires = f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
        return httpx.Response(201, json={"token": ISSUED, "expires_at": expires})


class TestWorkflow(_Contract):
    def prepare(self, folder: Path) -> Mapping[str, str]:
        return WORKFLOW


class TestPerson(_Contract):
    options: Mapping[str, Any] = MappingProxyType({"username": "octocat", "token": {"env": "GH_TOKEN"}})

    def prepare(self, folder: Path) -> Mapping[str, str]:
        return {"GH_TOKEN": TOKEN}


class TestNobody(_Contract):
    pass


@pytest.fixture
def github() -> GitHub:
    made = GitHub()
    made.install(APP, NUMBER, KEY)
    return made


@pytest.fixture
def api(github: GitHub, authority: Authority, desk: Desk) -> Iterator[AnsweringServer]:
    with answering(github.answer, authority.server_context(API, SERVER)) as running:
        desk.ports |= {(API, 443): running.port, (SERVER, 443): running.port}
        yield running


def app(desk: Desk, host: str = HOST, **options: object) -> Broker:
    (desk.folder / "key.pem").write_text(PEM)
    said = {"app": APP, "private_key": {"file": "key.pem"}, "installation": NUMBER, **options}
    return desk.broker(rule("github", host, **said))


def restricted(github: GitHub, broker: Broker, host: str = HOST) -> Mapping[str, Any]:
    """Return to what the token is restricted that the broker gets."""
    username, token = pair(broker, host)
    assert username == "x-access-token"
    return github.issued[token][0]


@pytest.mark.usefixtures("api")
class TestInstallation:
    def test_its_token_may_pull_from_everywhere_and_nothing_else(self, github: GitHub, desk: Desk) -> None:
        assert restricted(github, app(desk)) == {"repositories": [], "permissions": {"packages": "read"}}

    def test_its_token_is_restricted_to_what_the_rule_says(self, github: GitHub, desk: Desk) -> None:
        github.install(APP, NUMBER, KEY, permissions={"packages": "write", "contents": "read"})
        wanted: dict[str, Any] = {
            "repositories": ["charts", "app"],
            "permissions": {"packages": "write", "contents": "read"},
        }
        found = restricted(github, app(desk, **wanted))
        assert found == {"repositories": ["app", "charts"], "permissions": wanted["permissions"]}

    def test_its_token_lives_for_an_hour_and_is_asked_for_once(self, api: AnsweringServer, desk: Desk) -> None:
        with app(desk) as broker:
            one, other = (broker.access(f"{HOST}/acme/{name}").credential for name in ("app", "charts"))
            assert one == other
        assert isinstance(one, Basic)
        assert one.issued_at
        assert one.expires_at
        assert timedelta(minutes=59) < one.expires_at - one.issued_at <= timedelta(hours=1)
        assert len(api.requests) == 1

    def test_a_server_of_ones_own_has_its_api_below_a_path(
        self, api: AnsweringServer, github: GitHub, desk: Desk
    ) -> None:
        assert restricted(github, app(desk, SERVER, api=f"https://{SERVER}/api/v3"), SERVER)
        assert [one.path for one in api.requests] == [f"/api/v3/app/installations/{NUMBER}/access_tokens"]
        assert api.saw("host") == [SERVER]

    @pytest.mark.parametrize("off", [-45, 0, 45], ids=lambda seconds: f"{seconds}s")
    def test_a_clock_that_is_a_little_off_does_no_harm(self, off: int, github: GitHub, desk: Desk) -> None:
        github.clock = lambda: datetime.now(UTC) + timedelta(seconds=off)
        assert restricted(github, app(desk))

    def test_a_clock_that_is_far_off_is_said(self, github: GitHub, desk: Desk) -> None:
        github.clock = lambda: datetime.now(UTC) - timedelta(minutes=5)
        assert "set this machine's clock" in failure(app(desk), HOST).hint

    @pytest.mark.parametrize(
        ("options", "kind", "status", "hint"),
        [
            ({"app": "12345"}, CredentialUnavailable, 401, "compare app and private_key"),
            ({"installation": 4712}, IdentityRefused, 404, "the app is not installed there"),
            ({"repositories": ["secrets"]}, CredentialUnavailable, 422, "or name fewer"),
            ({"permissions": {"contents": "read"}}, CredentialUnavailable, 422, "grant the app the permissions"),
        ],
        ids=["app", "installation", "repository", "permission"],
    )
    def test_a_refusal_says_what_to_do(
        self, options: dict[str, Any], kind: type[CredentialUnavailable], status: int, hint: str, desk: Desk
    ) -> None:
        error = failure(app(desk, **options), HOST)
        assert (type(error), hint in error.hint) == (kind, True)
        assert error.message == f"GitHub's API refused: status {status}, request id {REQUEST_ID}"

    def test_a_suspended_installation_is_refused_for_certain(self, github: GitHub, desk: Desk) -> None:
        github.install(APP, NUMBER, KEY, suspended=True)
        assert isinstance(failure(app(desk), HOST), IdentityRefused)

    def test_a_key_that_is_another_app_s_is_refused(self, github: GitHub, desk: Desk) -> None:
        github.install(APP, NUMBER, new_key())
        assert "status 401" in failure(app(desk), HOST).message


def test_a_token_that_has_ended_by_our_clock_is_not_used(authority: Authority, desk: Desk) -> None:
    github = GitHub(clock=lambda: datetime.now(UTC) - timedelta(hours=2))
    github.install(APP, NUMBER, KEY)
    ended = f"{github.clock():%Y-%m-%dT%H:%M:%SZ}"
    body = CannedResponse.of_json({"token": "ghs_ended", "expires_at": ended}, status=201)
    with answering(lambda _: body, authority.server_context(API)) as running:
        desk.ports[API, 443] = running.port
        assert "set the clock" in failure(app(desk), HOST).hint


@pytest.mark.parametrize("kind", ["garbage", "certificate", "elliptic"])
def test_a_key_that_cannot_sign_is_named_and_not_shown(kind: str, desk: Desk) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    keys = {
        "garbage": "h4sh-of-nothing",
        "certificate": "-----BEGIN CERTIFICATE-----\nh4sh-of-nothing\n-----END CERTIFICATE-----",
        "elliptic": other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    }
    with pytest.raises(CredentialUnavailable, match="cannot be used") as caught:
        signed(APP, PrivateKey(keys[kind]), datetime.now(UTC))
    assert caught.value.culprit == "private_key"
    assert "h4sh" not in str(caught.value)


def test_a_key_of_another_file_is_another_identity(desk: Desk) -> None:
    def identity(**options: Any) -> tuple[str, ...]:  # noqa: ANN401
        made = {"app": APP, "private_key": {"file": "/key.pem"}, "installation": NUMBER, **options}
        text = rule("github", HOST, **made)
        return desk.broker(text).explain(f"{HOST}/acme/app").identity

    several = {
        identity(),
        identity(installation=1),
        identity(app="Iv1.abc"),
        identity(repositories=["app"]),
        identity(permissions={"packages": "write"}),
        identity(api="https://github.example/api/v3"),
    }
    assert len(several) == 6


def test_an_installation_is_the_same_on_every_machine_and_its_key_is_watched(desk: Desk) -> None:
    told = app(desk).explain(f"{HOST}/acme/app")
    assert told.reach == "global"
    assert told.watch == (str(desk.folder / "key.pem"),)
    assert told.identity == (
        f"app {APP}",
        f"installation {NUMBER}",
        f"at https://{API}",
        "repositories all",
        "permissions packages:read",
    )


@pytest.mark.parametrize(
    ("text", "environ", "found"),
    [
        ("", WORKFLOW, ("octocat", TOKEN)),
        (rule("github", HOST, token={"env": "GH_TOKEN"}), {"GH_TOKEN": TOKEN}, ("x-access-token", TOKEN)),
        (rule("github", HOST, username="alice", token=TOKEN), {}, ("alice", TOKEN)),
    ],
    ids=["workflow", "variable-that-a-rule-names", "person"],
)
def test_who_asks(text: str, environ: Mapping[str, str], found: tuple[str, str], desk: Desk) -> None:
    assert answered(desk, text, HOST, environ) == found


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "GH_TOKEN"])
def test_outside_of_a_workflow_no_variable_is_used_unasked(name: str, desk: Desk) -> None:
    assert isinstance(desk.broker(environ={name: TOKEN}).access(f"{HOST}/acme/app").credential, Anonymous)


def test_the_token_of_a_workflow_goes_to_no_other_registry(desk: Desk) -> None:
    assert isinstance(failure(desk.broker(rule("github", SERVER), environ=WORKFLOW), SERVER), NoIdentity)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"app": APP}, "all of app"),
        ({"private_key": {"file": "x"}, "installation": 1}, "all of app"),
        ({"app": APP, "private_key": {"file": "x"}, "installation": 1, "token": "t"}, "beside it"),
        ({"username": "alice"}, "no token"),
        ({"app": "a/b", "private_key": {"file": "x"}, "installation": 1}, "neither a client id"),
        ({"token": "t", "repositories": ["acme/app"]}, "without their owner"),
        ({"token": "t", "permissions": {"packages": "admin"}}, "permissions"),
        ({"token": "t", "api": "http://github.example"}, "no https:// address"),
        ({"token": "t", "api": "https://user@github.example"}, "no https:// address"),
    ],
    ids=["key", "app", "both", "user", "id", "owner", "permission", "plain", "userinfo"],
)
def test_options_that_cannot_work_are_refused_when_they_are_read(
    options: dict[str, Any], why: str, tmp_path: Path
) -> None:
    assert why in complaint(tmp_path, "github", **options)


PROGRAM = "import os, pathlib; print(pathlib.Path(os.environ['HOME'], 'kept.pem').read_text())"


@pytest.mark.parametrize(
    "kept",
    [{"env": "KEY"}, {"exec": [sys.executable, "-c", PROGRAM]}, PEM],
    ids=["variable", "program", "configuration"],
)
@pytest.mark.usefixtures("api")
def test_a_key_may_be_kept_elsewhere(kept: object, github: GitHub, desk: Desk) -> None:
    (desk.folder / "kept.pem").write_text(PEM)
    text = rule("github", HOST, app=APP, private_key=kept, installation=NUMBER)
    broker = desk.broker(text, environ={"KEY": PEM, "HOME": str(desk.folder)})
    assert restricted(github, broker)


WITHOUT = """
import sys
from datetime import UTC, datetime

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "cryptography": raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
from ocibroker.provider import CredentialUnavailable, PrivateKey
from ocibroker_github.json_web_token import signed

try: signed("app", PrivateKey("key"), datetime.now(UTC))
except CredentialUnavailable as error: print(error)
"""


def test_without_what_signs_it_says_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert done.stdout == "cryptography is not installed (pip install 'ocibroker[github-app]')\n"
