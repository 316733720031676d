"""`ocibroker export`: what other tools read, for exactly what was named."""

import base64
import json
from typing import Any

import pytest

from ocibroker.authfile import AuthFile
from ocibroker.credential import Basic, IdentityToken
from ocibroker.secret import Secret
from ocibroker.target import Target
from tests.cli import acme
from tests.cli.desk import Desk, Outcome

RULES = """
[[registry]]
match = "registry.test"
provider = "basic"
options = { username = "alice", password = "wonder" }
[[registry]]
match = "registry.test/team-b"
provider = "basic"
options = { username = "bob", password = "builder" }
[[registry]]
match = "registry.test"
account = "ci"
provider = "basic"
options = { username = "robot", password = "beep" }
[[registry]]
match = "docker.io"
provider = "basic"
options = { username = "hub", password = "pw" }
[[registry]]
match = "public.test"
provider = "anonymous"
"""
TOKENS = """
[[registry]]
match = "identity.test"
provider = "acme"
[[registry]]
match = "bearer.test"
provider = "acme"
options = { kind = "bearer" }
"""
ALICE, BOB, HUB = (
    {"auth": base64.b64encode(pair).decode()} for pair in (b"alice:wonder", b"bob:builder", b"hub:pw")
)


@pytest.fixture
def home(desk: Desk) -> Desk:
    desk.configure(RULES)
    return desk


def export(home: Desk, *argv: str) -> Outcome:
    """Run it where a plugin is installed and gives tokens."""
    home.configure(RULES + TOKENS)
    acme.install(home.home / "packages")
    packages = {"PYTHONPATH": str(home.home / "packages"), "ACME_IMPORTED": str(home.home / "imported")}
    return home.process("export", *argv, **packages)


def auths(outcome: Outcome) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(outcome.stdout)["auths"]
    return found


class TestDockerConfig:
    def test_a_login_is_for_a_host(self, home: Desk) -> None:
        outcome = home.run("export", "dockerconfigjson", "registry.test/team-a/app", "docker.io/library/nginx")
        assert (outcome.code, outcome.stderr) == (0, "")
        assert auths(outcome) == {"registry.test": ALICE, "https://index.docker.io/v1/": HUB}

    def test_the_same_host_twice_is_one_login(self, home: Desk) -> None:
        outcome = home.run("export", "dockerconfigjson", "registry.test", "registry.test/team-a")
        assert auths(outcome) == {"registry.test": ALICE}

    def test_two_credentials_for_one_host_have_no_place(self, home: Desk) -> None:
        outcome = home.run("export", "dockerconfigjson", "registry.test", "registry.test/team-b")
        assert (outcome.code, outcome.stdout) == (2, "")
        assert "registry.test: there is one place for two credentials" in outcome.stderr

    @pytest.mark.acceptance(37)
    def test_it_is_what_is_read_as_a_login(self, home: Desk) -> None:
        outcome = export(home, "dockerconfigjson", "registry.test", "identity.test")
        assert outcome.code == 0, outcome.stderr
        file = AuthFile.parse(outcome.stdout.encode(), source="exported")
        found = [file.login(Target.parse(host)) for host in ("registry.test", "identity.test")]
        assert [login.credential for login in found if login] == [
            Basic(username="alice", secret=Secret("wonder")),
            IdentityToken(secret=Secret("refresh-me")),
        ]


class TestAuthJson:
    def test_a_login_is_for_exactly_what_was_named(self, home: Desk) -> None:
        outcome = home.run("export", "auth.json", "registry.test", "registry.test/team-b/app", "docker.io")
        assert (outcome.code, outcome.stderr) == (0, "")
        assert auths(outcome) == {"registry.test": ALICE, "registry.test/team-b/app": BOB, "docker.io": HUB}

    def test_a_bearer_token_has_no_place_in_it(self, home: Desk) -> None:
        outcome = export(home, "auth.json", "bearer.test")
        assert (outcome.code, outcome.stdout) == (2, "")
        assert "bearer.test: an auth.json cannot carry a bearer token" in outcome.stderr


class TestSecret:
    @pytest.mark.parametrize("option", [("--name", "x"), ("--namespace", "x"), ("--output", "yaml")])
    def test_what_is_for_it_alone_is_refused_elsewhere(self, option: tuple[str, str], home: Desk) -> None:
        outcome = home.run("export", "auth.json", "registry.test", *option)
        assert (outcome.code, outcome.stdout) == (2, "")
        assert option[0] in outcome.stderr
        assert "is for k8s-secret only" in outcome.stderr

    def test_as_yaml(self, home: Desk) -> None:
        outcome = home.run("export", "k8s-secret", "registry.test", "--name", "pull", "--namespace", "team-a")
        config = base64.b64encode(b'{"auths":{"registry.test":{"auth":"%b"}}}' % ALICE["auth"].encode())
        assert (outcome.code, outcome.stderr) == (0, "")
        assert outcome.stdout == (
            'apiVersion: "v1"\n'
            'kind: "Secret"\n'
            "metadata:\n"
            '  name: "pull"\n'
            '  namespace: "team-a"\n'
            'type: "kubernetes.io/dockerconfigjson"\n'
            "data:\n"
            f'  .dockerconfigjson: "{config.decode()}"\n'
        )

    def test_as_json(self, home: Desk) -> None:
        found = json.loads(home.run("export", "k8s-secret", "registry.test", "--output", "json").stdout)
        assert found["metadata"] == {"name": "registry-credentials"}
        config = json.loads(base64.b64decode(found["data"][".dockerconfigjson"]))
        assert config == {"auths": {"registry.test": ALICE}}

    @pytest.mark.parametrize(
        ("option", "value"),
        [
            ("--name", "Pull"),
            ("--name", "a..b"),
            ("--name", 'a"\nb'),
            ("--namespace", "a.b"),
            ("--namespace", "-a"),
        ],
    )
    def test_what_kubernetes_would_refuse_is_refused(self, option: str, value: str, home: Desk) -> None:
        outcome = home.run("export", "k8s-secret", "registry.test", option, value)
        assert (outcome.code, outcome.stdout) == (2, "")
        assert option in outcome.stderr

    @pytest.mark.parametrize("host", ["identity.test", "bearer.test"])
    def test_tokens_have_no_place_in_it(self, host: str, home: Desk) -> None:
        outcome = export(home, "k8s-secret", host)
        assert (outcome.code, outcome.stdout) == (2, "")
        assert f"{host}: a pull secret carries a user name and a password only" in outcome.stderr


def test_when_the_first_expires_is_said(home: Desk) -> None:
    outcome = export(home, "dockerconfigjson", "registry.test", "bearer.test")
    assert outcome.code == 0, outcome.stderr
    assert outcome.stderr.splitlines()[-1].startswith("ocibroker: valid until 20")
    assert outcome.stderr.splitlines()[-1].endswith("T02:04:05Z")


@pytest.mark.parametrize("form", ["dockerconfigjson", "auth.json", "k8s-secret"])
class TestEveryForm:
    def test_anonymous_access_is_left_out_and_said(self, form: str, home: Desk) -> None:
        outcome = home.run("export", form, "public.test", "registry.test")
        assert outcome.code == 0
        assert outcome.stderr == "ocibroker: public.test: left out, access is anonymous: a rule says so\n"

    def test_where_nobody_answers_nothing_is_written(self, form: str, home: Desk) -> None:
        outcome = home.run("export", form, "registry.test", "elsewhere.test")
        assert (outcome.code, outcome.stdout) == (3, "")

    def test_an_account_is_chosen(self, form: str, home: Desk) -> None:
        outcome = home.run("export", form, "registry.test", "--account", "ci", "--output", "json")
        found = json.loads(outcome.stdout)
        config = json.loads(base64.b64decode(found["data"][".dockerconfigjson"])) if "data" in found else found
        assert config["auths"]["registry.test"] == {"auth": base64.b64encode(b"robot:beep").decode()}
