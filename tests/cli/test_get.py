"""`ocibroker get`: for people, for programs, and nothing where nobody answers."""

import json
from typing import Any

import pytest

from tests.cli.desk import Desk, Outcome

RULES = """
[[registry]]
match = "registry.test"
provider = "basic"
options = { username = "alice", password = { env = "PASSWORD" } }
[[registry]]
match = "public.test"
provider = "anonymous"
[[tls]]
match = "public.test"
insecure = true
"""


@pytest.fixture
def home(desk: Desk) -> Desk:
    desk.configure(RULES)
    return desk


def get(home: Desk, *argv: str) -> Outcome:
    return home.run("get", *argv, PASSWORD="wonder")


def rows(outcome: Outcome) -> dict[str, str]:
    return {name: value for name, _, value in (line.partition("  ") for line in outcome.stdout.splitlines())}


def data(outcome: Outcome) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(outcome.stdout)
    return found


class TestTable:
    def test_it_tells_all_but_the_secret(self, home: Desk) -> None:
        outcome = get(home, "registry.test/team/app")
        told = {name: value.strip() for name, value in rows(outcome).items()}
        assert outcome.code == 0
        assert told["registry"] == "registry.test"
        assert told["repository"] == "team/app"
        assert told["kind"] == "basic"
        assert told["username"] == "alice"
        assert told["secret"] == "**********"
        assert told["provider"] == "basic"
        assert told["because"] == "rule registry.test"
        assert told["min_version"].split() == ["1.2", "default"]

    def test_anonymous_access_has_its_reason_and_no_secret(self, home: Desk) -> None:
        outcome = get(home, "public.test")
        assert "reason" in rows(outcome)
        assert "secret" not in rows(outcome)

    def test_a_weakened_host_is_loud(self, home: Desk) -> None:
        outcome = get(home, "public.test")
        assert "INSECURE" in outcome.stdout
        assert "insecure is set for public.test" in outcome.stderr


class TestJson:
    def test_it_is_one_object_on_one_line(self, home: Desk) -> None:
        outcome = get(home, "registry.test/team/app", "--output", "json")
        assert outcome.code == 0
        assert outcome.stdout.count("\n") == 1
        assert list(data(outcome)) == [
            "registry", "repository", "kind", "username", "secret", "issued_at", "expires_at", "provider", "tls",
        ]  # fmt: skip

    def test_it_reveals_the_secret(self, home: Desk) -> None:
        found = data(get(home, "registry.test/team/app", "--output", "json"))
        assert (found["kind"], found["username"], found["secret"]) == ("basic", "alice", "wonder")
        assert (found["registry"], found["repository"]) == ("registry.test", "team/app")
        assert found["tls"]["min_version"] == "1.2"

    def test_what_is_absent_is_null(self, home: Desk) -> None:
        found = data(get(home, "public.test", "-o", "json"))
        absent = {name for name, value in found.items() if value is None}
        assert absent == {"repository", "username", "secret", "issued_at", "expires_at"}
        assert found["kind"] == "anonymous"


class TestDocker:
    def test_it_is_what_a_helper_prints(self, home: Desk) -> None:
        outcome = get(home, "registry.test/team/app", "--output", "docker")
        assert outcome.stdout == '{"ServerURL":"registry.test","Username":"alice","Secret":"wonder"}\n'

    def test_anonymous_access_has_no_place_in_it(self, home: Desk) -> None:
        outcome = get(home, "public.test", "--output", "docker")
        assert (outcome.code, outcome.stdout) == (2, "")
        assert "public.test: Docker's protocol cannot carry anonymous access" in outcome.stderr


class TestHeader:
    def test_it_is_the_header(self, home: Desk) -> None:
        outcome = get(home, "registry.test", "--output", "header")
        assert outcome.stdout == "Authorization: Basic YWxpY2U6d29uZGVy\n"

    def test_anonymous_access_has_none_and_says_so(self, home: Desk) -> None:
        outcome = get(home, "public.test", "--output", "header")
        assert (outcome.code, outcome.stdout) == (0, "")
        assert "public.test: no header, access is anonymous: a rule says so" in outcome.stderr


@pytest.mark.parametrize("output", ["table", "json", "docker", "header"])
def test_where_nobody_answers_there_is_no_output(home: Desk, output: str) -> None:
    outcome = get(home, "elsewhere.test/app", "--output", output)
    assert (outcome.code, outcome.stdout) == (3, "")
    assert (
        "ocibroker: no rule matches elsewhere.test/app, and there is no login for elsewhere.test" in outcome.stderr
    )
    assert "`ocibroker login elsewhere.test`, or add a [[registry]] rule" in outcome.stderr


def test_without_a_configuration_nobody_answers(desk: Desk) -> None:
    assert desk.run("get", "registry.test").code == 3


def test_push_is_another_action_with_the_same_credential(home: Desk) -> None:
    assert data(get(home, "registry.test/app", "--push", "-o", "json"))["secret"] == "wonder"
