"""`ocibroker explain`: the whole way of a request, and no network."""

import json
import os
from typing import Any

import pytest

from ocibroker.testing import Authority
from tests.cli.desk import Desk, Outcome
from tests.transport.raw_server import raw_unix, silent

CONFIG = """
[[registry]]
match = "registry.test"
provider = "anonymous"
[[registry]]
match = "registry.test/team"
provider = "basic"
options = { username = "alice", password = { file = "password" } }
realms = ["auth.test"]
[[tls]]
match = "registry.test"
ca = ["ca.pem"]
[[tls]]
match = "careless.test"
insecure = true
[[tls]]
match = "clear.test"
plain_http = true
"""


@pytest.fixture
def home(desk: Desk) -> Desk:
    Authority().write(desk.configure(CONFIG).parent)
    return desk


def facts(outcome: Outcome) -> dict[str, list[list[str]]]:
    """Return the rows by their name; each row is the value and where it comes from."""
    found: dict[str, list[list[str]]] = {}
    for line in outcome.stdout.splitlines():
        name, *rest = [part.strip() for part in line.split("  ") if part.strip()]
        found.setdefault(name, []).append(rest)
    return found


def data(outcome: Outcome) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(outcome.stdout)
    return found


class TestTable:
    def test_it_tells_who_answers_and_why(self, home: Desk) -> None:
        told = facts(home.run("explain", "registry.test/team/app"))
        assert told["target"] == [["registry.test/team/app"]]
        assert told["origin"] == [["https://registry.test"]]
        assert told["provider"] == [["basic"]]
        assert told["because"] == [["rule registry.test/team", f"{home.config}, registry[1]"]]

    def test_it_tells_what_was_passed_over(self, home: Desk) -> None:
        told = facts(home.run("explain", "registry.test/team/app"))
        assert told["shadowed"] == [[f"rule registry.test ({home.config}, registry[0])"]]

    def test_it_tells_as_whom(self, home: Desk) -> None:
        told = facts(home.run("explain", "registry.test/team/app"))
        assert any(str(home.config.parent / "password") in row[0] for row in told["identity"])
        assert all(row[1] == "local" for row in told["identity"])
        assert told["watched"] == [[str(home.config.parent / "password")]]
        assert told["realms"] == [["auth.test"]]
        assert told["cache"] == [["empty"]]

    def test_it_tells_of_each_part_of_the_policy_where_it_comes_from(self, home: Desk) -> None:
        told = facts(home.run("explain", "registry.test/team/app"))
        assert told["ca"] == [[str(home.config.parent / "ca.pem"), f"{home.config}, tls[0]"]]
        assert told["min_version"] == [["1.2", "default"]]

    def test_the_environment_is_a_place_where_parts_come_from(self, home: Desk) -> None:
        proxied = home.run("explain", "registry.test", HTTPS_PROXY="http://alice:canary@proxy.test:3128")
        assert facts(proxied)["proxy"] == [["http://proxy.test:3128", "HTTPS_PROXY"]]
        assert "canary" not in proxied.everything
        bundle = home.config.parent / "ca.pem"
        assert facts(home.run("explain", "registry.test", SSL_CERT_FILE=str(bundle)))["roots"] == [
            ["SSL_CERT_FILE"]
        ]

    def test_so_is_what_other_tools_keep_and_what_is_not_obeyed_is_noted(self, home: Desk) -> None:
        folders = home.config.parent.parent
        first, second = (folders / tool / "certs.d" / "other.test" for tool in ("containers", "docker"))
        second.mkdir(parents=True)
        Authority().write(first).rename(first / "ca.crt")
        told = facts(home.run("explain", "other.test"))
        assert told["ca"] == [[str(first / "ca.crt"), str(first)]]
        assert told["note"] == [[f"{second}: shadowed by {first}"]]

    @pytest.mark.parametrize(("host", "word"), [("careless.test", "INSECURE"), ("clear.test", "PLAIN HTTP")])
    def test_what_weakens_it_is_loud(self, home: Desk, host: str, word: str) -> None:
        outcome = home.run("explain", host)
        assert facts(outcome)[word][0][1].startswith(f"{home.config}, tls[")
        assert f"set for {host}" in outcome.stderr

    def test_where_a_login_is_sought_is_told(self, home: Desk) -> None:
        outcome = home.run("explain", "elsewhere.test/app")
        assert outcome.code == 0
        assert facts(outcome)["provider"] == [["docker-config"]]
        assert "for want of anybody else" in facts(outcome)["because"][0][0]
        assert [str(home.home / ".docker" / "config.json")] in facts(outcome)["watched"]

    def test_who_answers_a_helper_is_told(self, home: Desk) -> None:
        alone = home.run("explain", "registry.test", OCIBROKER_SOCKET="off")
        assert facts(alone)["helpers"] == [["answer by themselves", "OCIBROKER_SOCKET is off"]]
        socket = home.home / "s"
        with raw_unix(silent, socket):
            beside = home.run("explain", "registry.test", OCIBROKER_SOCKET=str(socket))
        assert facts(beside)["helpers"] == [[f"ask {socket}", f"it runs as uid {os.geteuid()}"]]

    def test_what_would_fail_is_loud(self, home: Desk) -> None:
        (home.config.parent / "ca.pem").unlink()
        outcome = home.run("explain", "registry.test/team/app")
        assert outcome.code == 0
        assert "ca.pem: cannot be read" in outcome.stdout
        assert "ERROR" in outcome.stdout


class TestJson:
    def test_it_is_the_explanation(self, home: Desk) -> None:
        found = data(home.run("explain", "registry.test/team/app", "--output", "json"))
        assert (found["provider"], found["realms"], found["cache"]) == ("basic", ["auth.test"], "empty")
        assert found["rule"] == f"{home.config}, registry[1]"
        assert found["tls"]["sources"]["ca"] == f"{home.config}, tls[0]"

    def test_it_tells_who_answers_a_helper(self, home: Desk) -> None:
        found = data(home.run("explain", "registry.test", "-o", "json", OCIBROKER_SOCKET="/does/not/exist"))
        assert found["helpers"] == {"sidecar": None, "why": "no socket at /does/not/exist"}

    def test_it_tells_what_is_wrong_with_the_policy(self, home: Desk) -> None:
        (home.config.parent / "ca.pem").unlink()
        found = data(home.run("explain", "registry.test/team/app", "-o", "json"))
        assert "ca.pem: cannot be read" in found["tls_error"]
