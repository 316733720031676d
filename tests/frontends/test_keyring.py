"""The backend of ``keyring``: for whom it answers, and that it is in nobody's way."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backends.chainer import ChainerBackend
from keyring.errors import PasswordDeleteError, PasswordSetError

from ocibroker.authfile import Keyring
from ocibroker.errors import CannotCarry, ConfigurationError, CredentialUnavailable, InvalidTarget
from ocibroker.frontends.keyring import OcibrokerKeyring, credential_for
from tests.architecture.house import ROOT
from tests.cli import drawer
from tests.cli.desk import Desk as Home
from tests.cli.desk import Outcome
from tests.transport.brokers import Desk, rule

INDEX = "https://packages.test/simple/"
SECRET = "wonder"


def backend() -> OcibrokerKeyring:
    return OcibrokerKeyring()  # type: ignore[no-untyped-call]  # the library's constructor has no types


class TestForWhomItAnswers:
    @pytest.mark.parametrize("service", [INDEX, "https://packages.test", "HTTPS://Packages.Test:443/legacy/?x=y"])
    def test_a_host_that_a_rule_names(self, desk: Desk, service: str) -> None:
        found = credential_for(service, desk.broker(rule("packages.test")))
        assert found is not None
        assert (found.username, found.secret.reveal()) == ("alice", SECRET)

    def test_a_part_of_a_host_that_a_rule_names(self, desk: Desk) -> None:
        broker = desk.broker(rule("packages.test/team"))
        assert credential_for("https://packages.test/team/simple/", broker) is not None
        assert credential_for(INDEX, broker) is None

    @pytest.mark.parametrize(
        "text", ["", rule("other.test"), '[[registry]]\nmatch = "packages.test"\nprovider = "anonymous"\n']
    )
    def test_nobody_is_none(self, desk: Desk, text: str) -> None:
        assert credential_for(INDEX, desk.broker(text)) is None

    def test_the_login_of_another_tool_is_not_given_away_unless_a_rule_says_so(self, desk: Desk) -> None:
        docker = desk.folder / ".docker"
        docker.mkdir()
        (docker / "config.json").write_text(json.dumps({"auths": {"packages.test": {"auth": "YTpi"}}}))
        environ = {"HOME": str(desk.folder)}
        assert credential_for(INDEX, desk.broker(environ=environ)) is None
        named = desk.broker('[[registry]]\nmatch = "packages.test"\nprovider = "docker-config"\n', environ=environ)
        found = credential_for(INDEX, named)
        assert found is not None
        assert found.username == "a"

    def test_what_fails_is_raised_and_not_anonymous(self, desk: Desk) -> None:
        text = rule("packages.test").replace('"wonder"', '{ file = "/nowhere" }')
        with pytest.raises(CredentialUnavailable, match="/nowhere"):
            credential_for(INDEX, desk.broker(text))

    def test_what_cannot_be_explained_is_raised(self, desk: Desk) -> None:
        with pytest.raises(ConfigurationError, match="equally"):
            credential_for(INDEX, desk.broker(rule("*ackages.test") + rule("packages.tes*")))

    def test_what_has_no_user_name_cannot_be_carried(self, desk: Desk) -> None:
        entry = json.dumps({"auths": {"packages.test": {"identitytoken": "t0ken"}}})
        text = '[[registry]]\nmatch = "packages.test"\nprovider = "docker-config"\n'
        broker = desk.broker(text, environ={"DOCKER_AUTH_CONFIG": entry, "HOME": str(desk.folder)})
        with pytest.raises(CannotCarry):
            credential_for(INDEX, broker)

    @pytest.mark.parametrize(
        "service", ["https://", "https://a b/", "https://u:p@packages.test/", "https://x.test/../y"]
    )
    def test_what_is_no_address_is_refused(self, desk: Desk, service: str) -> None:
        with pytest.raises(InvalidTarget):
            credential_for(service, desk.broker(rule("packages.test")))


class TestInTheWayOfNobody:
    @given(st.text(max_size=30))
    def test_what_is_no_https_address_is_nobody_s_business(self, service: str) -> None:
        if not service.lower().startswith("https://"):
            assert backend().get_credential(service, None) is None

    def test_nothing_is_stored_and_a_chain_goes_on(self) -> None:
        ours = backend()
        with pytest.raises(PasswordSetError):
            ours.set_password(INDEX, "alice", SECRET)
        with pytest.raises(PasswordDeleteError):
            ours.delete_password(INDEX, "alice")

        class Chain(ChainerBackend):
            priority = 1.0
            backends = (ours, drawer.Drawer())  # type: ignore[no-untyped-call]

        with pytest.raises(KeyError, match=drawer.WHERE):  # the next one was asked, and has no file here
            Chain().set_password(INDEX, "alice", SECRET)  # type: ignore[no-untyped-call]

    def test_it_keeps_no_login_of_ours(self) -> None:
        with pytest.raises(CredentialUnavailable, match="there is no keyring here"):
            Keyring.of(backend())

    def test_it_is_found_by_its_entry_point_and_imports_nothing_heavy(self) -> None:
        (entry,) = (one for one in entry_points(group="keyring.backends") if one.name == "ocibroker")
        code = (
            "import sys, keyring.backend; before = set(sys.modules); "
            f"import {entry.value} as m; m.OcibrokerKeyring().get_password('ocibroker:r.test', 'a'); "
            "print(*sorted(set(sys.modules) - before))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
        assert {
            name for name in done.stdout.split() if name.startswith(("ocibroker", "httpx", "msgspec", "ssl"))
        } == {
            "ocibroker",
            "ocibroker.frontends",
            "ocibroker.frontends.keyring",
        }


class TestAProcess:
    """``keyring`` itself, as pip and uv run it."""

    @pytest.fixture
    def home(self, tmp_path: Path) -> Home:
        made = Home(tmp_path)
        made.configure(
            rule("packages.test", password="{password}").replace('"{password}"', '{ file = "~/secret" }')
        )
        made.write("secret", SECRET)
        return made

    def keyring(self, home: Home, *argv: str, **environ: str) -> Outcome:
        command = [sys.executable, "-W", "error", "-m", "keyring", *argv]
        done = subprocess.run(
            command, env=home.surroundings(**environ), capture_output=True, text=True, check=False
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def test_the_password_is_printed_for_the_credential_s_user(self, home: Home) -> None:
        assert self.keyring(home, "get", INDEX, "alice") == Outcome(0, f"{SECRET}\n", "")

    def test_user_and_password_are_printed_where_no_user_is_named(self, home: Home) -> None:
        assert self.keyring(home, "--mode", "creds", "get", INDEX).stdout == f"alice\n{SECRET}\n"

    def test_another_user_gets_nothing_and_the_right_one_is_named(self, home: Home) -> None:
        outcome = self.keyring(home, "get", INDEX, "bob")
        assert (outcome.code, outcome.stdout) == (1, "")
        assert "the user name is alice, not the one that was asked for" in outcome.stderr

    @pytest.mark.parametrize(
        ("spoil", "said"),
        [
            (lambda home: home.configure("broken"), "is not TOML"),
            (lambda home: (home.home / "secret").unlink(), "cannot be read"),
        ],
    )
    def test_trouble_is_one_line_and_no_answer(self, home: Home, spoil: object, said: str) -> None:
        assert callable(spoil)
        spoil(home)
        outcome = self.keyring(home, "get", INDEX, "alice")
        assert (outcome.code, outcome.stdout) == (1, "")
        assert outcome.stderr.count("\n") == 1
        assert said in outcome.stderr
        assert SECRET not in outcome.stderr

    @pytest.mark.parametrize(
        "service", ["http://packages.test/simple/", "packages.test", "ocibroker:packages.test"]
    )
    def test_what_is_not_https_gets_nothing(self, home: Home, service: str) -> None:
        assert self.keyring(home, "get", service, "alice") == Outcome(1, "", "")

    def test_a_helper_that_we_run_ourselves_gets_nothing(self, home: Home) -> None:
        assert self.keyring(home, "get", INDEX, "alice", OCIBROKER_NESTED="1") == Outcome(1, "", "")
