"""`ocibroker login` and `logout`, against a real registry over TLS."""

import base64
import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from ocibroker.authfile import Login
from ocibroker.credential import Basic
from ocibroker.secret import Secret
from ocibroker.testing import Authority, CannedResponse, EmbeddedRegistry
from tests.cli.account import PASSWORD, Account
from tests.cli.desk import Desk, Outcome
from tests.cli.sitting import Sitting

BASIC = Basic(username="alice", secret=Secret(PASSWORD))
KEYRING = ("login", "--username", "alice", "--password-stdin")
Make = Callable[..., Account]


@pytest.fixture
def make(desk: Desk, authority: Authority) -> Iterator[Make]:
    with ExitStack() as running:

        def make(**settings: Any) -> Account:  # noqa: ANN401
            users = {"users": {"alice": PASSWORD}, "tls": authority.server_context("localhost"), **settings}
            registry = running.enter_context(EmbeddedRegistry(**users))
            return Account(desk, registry, authority.write(desk.home))

        yield make


@pytest.fixture
def account(make: Make) -> Account:
    return make()


def shown(outcome: Outcome) -> str:
    """Return what was said, which never holds the password, encoded or not."""
    encoded = base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
    assert PASSWORD not in outcome.everything
    assert encoded not in outcome.everything
    assert "Traceback" not in outcome.everything
    return outcome.everything


class TestTheTrial:
    @pytest.mark.parametrize("auth", ["basic", "token"])
    def test_what_the_registry_accepts_is_stored(self, make: Make, auth: str) -> None:
        account = make(auth=auth)
        outcome = account.login(account.address)
        assert (outcome.code, account.at("/any/app")) == (0, Login(account.address, BASIC))
        assert f"logged in to {account.address} as alice: stored in {account.file}, unencrypted" in shown(outcome)

    @pytest.mark.parametrize("auth", ["basic", "token"])
    def test_what_it_refuses_is_not(self, make: Make, auth: str) -> None:
        account = make(auth=auth, users={"alice": "another"})
        outcome = account.login(account.address)
        assert (outcome.code, outcome.stdout, account.file.exists()) == (4, "", False)
        assert "refused the user name or the password; nothing is stored" in shown(outcome)

    def test_a_refusal_keeps_the_login_that_is_there(self, account: Account) -> None:
        account.login(account.address)
        assert account.login(account.address, password="mistyped").code == 4
        assert account.at() == Login(account.address, BASIC)

    def test_a_registry_that_asks_nobody_is_stored_with_a_note_and_sent_nothing(self, make: Make) -> None:
        account = make(auth="none")
        outcome = account.login(account.address)
        assert (outcome.code, account.at()) == (0, Login(account.address, BASIC))
        assert "asks nobody for a password, so this one could not be verified" in shown(outcome)
        assert [one for one in account.registry.requests if "authorization" in one.headers] == []

    def test_a_token_that_everybody_gets_is_not_taken_for_an_open_registry(self, make: Make) -> None:
        outcome = make(auth="token")
        assert "could not be verified" not in shown(outcome.login(outcome.address))

    def test_plain_http_is_tried_where_it_is_allowed_only(self, make: Make) -> None:
        account = make(tls=None)
        assert account.login(account.address).code == 5
        account.desk.configure(f"[[tls]]\nmatch = '{account.address}'\nplain_http = true\n")
        assert account.login(account.address).code == 0

    def test_an_authority_that_nobody_trusts_ends_it_before_the_password_is_sent(self, account: Account) -> None:
        outcome = account.desk.run(*KEYRING, "--file", account.address, stdin=PASSWORD)
        assert (outcome.code, account.file.exists(), len(account.registry.requests)) == (5, False, 0)

    @pytest.mark.parametrize(("status", "code"), [(404, 6), (302, 6), (429, 5), (503, 5), (403, 4)])
    def test_another_answer_stores_nothing(self, make: Make, status: int, code: int) -> None:
        account = make(responses={"/v2/": CannedResponse(status)})
        assert (account.login(account.address).code, account.file.exists()) == (code, False)


class TestThePath:
    def test_a_login_may_be_for_a_part_of_a_registry(self, account: Account) -> None:
        assert account.login(f"{account.address}/team").code == 0
        assert account.at("/team/app") == Login(f"{account.address}/team", BASIC)
        assert account.at("/teams/app") is None

    @pytest.mark.parametrize("there", [CannedResponse(404), CannedResponse(200, {}, b"{}")], ids=["gone", "there"])
    def test_one_who_may_enter_that_part_only_is_let_in(self, make: Make, there: CannedResponse) -> None:
        account = make(responses={"/v2/": CannedResponse(403), "/v2/team/tags/list": there})
        assert account.login(f"{account.address}/team").code == 0

    def test_one_who_is_refused_at_both_is_refused(self, make: Make) -> None:
        refused = CannedResponse(403)
        account = make(responses={"/v2/": refused, "/v2/team/tags/list": refused})
        assert account.login(f"{account.address}/team").code == 4


class TestThePassword:
    @pytest.mark.parametrize("end", ["", "\n", "\r\n"])
    def test_one_line_break_at_the_end_is_not_part_of_it(self, account: Account, end: str) -> None:
        assert account.login(account.address, password=f"{PASSWORD}{end}").code == 0
        assert account.at() == Login(account.address, BASIC)

    @pytest.mark.parametrize("piped", ["", "\n", "two\nlines", "\0", "x" * 70_000])
    def test_what_is_none_is_an_error(self, account: Account, piped: str) -> None:
        outcome = account.login(account.address, password=piped)
        assert (outcome.code, account.file.exists(), len(account.registry.requests)) == (2, False, 0)
        assert "password of alice: a secret " in outcome.stderr

    @pytest.mark.parametrize("option", ["--password", "-p"])
    def test_it_is_never_taken_from_the_command_line(self, account: Account, option: str) -> None:
        outcome = account.login(option, PASSWORD, account.address)
        assert (outcome.code, account.file.exists()) == (2, False)
        assert "every user of this machine can see the command line (use --password-stdin: " in shown(outcome)

    @pytest.mark.parametrize("argv", [("--username", "alice"), ("--password-stdin",), ()])
    def test_nobody_is_asked_without_a_terminal(self, account: Account, argv: tuple[str, ...]) -> None:
        outcome = account.desk.run("login", "--file", *argv, account.address, stdin="canary", **account.environ)
        assert (outcome.code, account.file.exists()) == (2, False)
        assert "there is no terminal to ask at (use --username and --password-stdin)" in outcome.stderr

    @pytest.mark.parametrize("name", ["al:ice", "al\nice", "al\x7fice"])
    def test_a_user_name_that_cannot_be_sent_is_an_error(self, account: Account, name: str) -> None:
        argv = ("login", "--file", "--username", name, "--password-stdin", account.address)
        assert account.desk.run(*argv, stdin="canary", **account.environ).code == 2


class TestWhereItIsStored:
    def test_the_file_is_the_owners_alone(self, account: Account) -> None:
        account.login(account.address)
        assert stat.S_IMODE(account.file.stat().st_mode) == 0o600

    def test_the_keyring_has_the_password_and_the_file_the_user_name(self, account: Account) -> None:
        outcome = account.keyring(*KEYRING, account.address)
        assert outcome.code == 0, outcome.stderr
        assert account.held == {f"ocibroker:{account.address} alice": PASSWORD}
        assert account.at() == Login(account.address, keyring="alice")
        assert f"stored in the keyring (drawer), known to {account.file}" in shown(outcome)

    def test_a_user_name_that_is_the_secret_is_not_written_beside_it(self, make: Make) -> None:
        account = make(users={"alice": "alice"})
        outcome = account.keyring(*KEYRING, account.address, password="alice")
        assert (outcome.code, account.held, account.file.exists()) == (2, {}, False)
        assert "the user name is the secret" in shown(outcome)

    def test_what_it_holds_is_what_get_answers(self, account: Account) -> None:
        account.keyring(*KEYRING, account.address)
        got = account.keyring("get", f"{account.address}/any/app", "--output", "docker")
        assert json.loads(got.stdout)["Secret"] == PASSWORD

    def test_a_part_of_a_registry_has_a_place_of_its_own_there(self, account: Account) -> None:
        account.keyring(*KEYRING, f"{account.address}/team")
        assert account.held == {f"ocibroker:{account.address}/team alice": PASSWORD}

    @pytest.mark.parametrize(
        "backend", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring", "tests.cli.drawer.Locked"]
    )
    def test_without_a_keyring_nothing_is_stored_anywhere_else(self, account: Account, backend: str) -> None:
        outcome = account.keyring(*KEYRING, account.address, backend=backend)
        assert (outcome.code, outcome.stdout, account.file.exists()) == (4, "", False)
        assert "or keep the secret in a file: `ocibroker login --file`" in shown(outcome)

    def test_a_keyring_that_cannot_be_chosen_is_an_error(self, account: Account) -> None:
        outcome = account.keyring(*KEYRING, account.address, backend="nowhere.Keyring")
        assert (outcome.code, account.file.exists()) == (4, False)
        assert "keyring: there is no keyring: ModuleNotFoundError (" in shown(outcome)

    def test_without_the_library_the_extra_is_named(self, account: Account) -> None:
        (account.desk.home / "keyring.py").write_text("raise ModuleNotFoundError('no keyring', name='keyring')")
        path = os.pathsep.join(filter(None, (str(account.desk.home), os.environ.get("PYTHONPATH"))))
        outcome = account.desk.process(*KEYRING, account.address, stdin=PASSWORD, PYTHONPATH=path)
        assert (outcome.code, account.file.exists()) == (4, False)
        assert "keyring: needs the library keyring (pip install 'ocibroker[keyring]')" in shown(outcome)

    def test_a_chain_of_keyrings_is_searched_for_one_that_keeps(self, account: Account) -> None:
        assert account.keyring(*KEYRING, account.address, backend="tests.cli.drawer.Chain").code == 0
        assert account.held == {f"ocibroker:{account.address} alice": PASSWORD}

    def test_a_file_that_cannot_be_written_leaves_nothing_in_the_keyring(self, account: Account) -> None:
        account.file.parent.mkdir(parents=True)
        account.file.parent.chmod(0o777)
        outcome = account.keyring(*KEYRING, account.address)
        assert (outcome.code, account.held) == (1, {})
        assert "can be written by others" in shown(outcome)

    def test_a_broken_file_is_said_before_anything_is_asked(self, account: Account) -> None:
        account.file.parent.mkdir(parents=True)
        account.file.write_text("{")
        outcome = account.login(account.address)
        assert (outcome.code, len(account.registry.requests)) == (2, 0)
        assert account.file.read_text() == "{"

    def test_a_login_as_somebody_else_leaves_nothing_of_the_first_in_the_keyring(self, make: Make) -> None:
        account = make(users={"alice": PASSWORD, "bob": PASSWORD})
        account.keyring(*KEYRING, account.address)
        account.keyring("login", "--username", "bob", "--password-stdin", account.address)
        assert [*account.held] == [f"ocibroker:{account.address} bob"]

    def test_a_login_into_the_file_leaves_nothing_in_the_keyring(self, account: Account) -> None:
        account.keyring(*KEYRING, account.address)
        account.keyring(*KEYRING, "--file", account.address)
        assert (account.held, account.at()) == ({}, Login(account.address, BASIC))

    def test_what_the_keyring_will_not_give_up_then_is_said(self, account: Account) -> None:
        account.keyring(*KEYRING, account.address)
        outcome = account.keyring(*KEYRING, "--file", account.address, backend="tests.cli.drawer.Locked")
        assert (outcome.code, account.at()) == (0, Login(account.address, BASIC))
        assert "the earlier password is still there: keyring: cannot be read: KeyringLocked" in shown(outcome)

    def test_a_rule_that_would_shadow_it_is_named(self, account: Account) -> None:
        account.desk.configure(f"[[registry]]\nmatch = '{account.address}'\nprovider = 'anonymous'\n")
        outcome = account.login(account.address)
        assert outcome.code == 0
        assert f"this login is not used: rule {account.address}" in shown(outcome)


class TestLogout:
    def test_it_removes_the_entry(self, account: Account) -> None:
        account.login(account.address)
        outcome = account.desk.run("logout", account.address)
        assert (outcome.code, outcome.stdout) == (0, f"logged out of {account.address}\n")
        assert json.loads(account.file.read_text()) == {"auths": {}}

    def test_it_removes_what_the_keyring_has(self, account: Account) -> None:
        account.keyring(*KEYRING, account.address)
        assert account.keyring("logout", account.address).code == 0
        assert (account.held, account.at()) == ({}, None)

    def test_what_the_keyring_will_not_give_up_is_said(self, account: Account) -> None:
        account.keyring(*KEYRING, account.address)
        outcome = account.keyring("logout", account.address, backend="tests.cli.drawer.Locked")
        assert (outcome.code, account.at()) == (4, None)
        assert "keyring: still has the password: " in shown(outcome)

    def test_no_login_is_a_success_with_a_note(self, account: Account) -> None:
        outcome = account.desk.run("logout", account.address)
        assert (outcome.code, outcome.stdout) == (0, "")
        assert f"has no login for {account.address}" in outcome.stderr
        assert not account.file.parent.exists()

    def test_a_login_for_more_that_still_holds_is_named(self, account: Account) -> None:
        account.login(account.address)
        account.login(f"{account.address}/team")
        outcome = account.desk.run("logout", f"{account.address}/team")
        assert f"the login for {account.address} still holds there" in outcome.stderr
        assert account.at("/team") == Login(account.address, BASIC)

    def test_dockers_and_podmans_files_are_not_touched(self, account: Account) -> None:
        folder = account.desk.home / ".docker"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({"auths": {account.address: {"auth": "YTpi"}}}))
        before = (folder / "config.json").read_bytes()
        account.login(account.address)
        account.desk.run("logout", account.address)
        assert (folder / "config.json").read_bytes() == before


@pytest.mark.parametrize("command", [("login", "--file", "--username", "a", "--password-stdin"), ("logout",)])
@pytest.mark.parametrize(
    "registry",
    ["https://r.test", "r.test/app:1", "r.test/app@sha256:0", "alice:canary@r.test", "nowhere", "r.test/"],
)
def test_what_is_no_registry_is_an_error(desk: Desk, command: tuple[str, ...], registry: str) -> None:
    outcome = desk.run(*command, registry, stdin="canary")
    assert (outcome.code, outcome.stdout) == (2, "")
    assert "canary" not in outcome.stderr


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("oci://R.TEST:443", "r.test"),
        ("index.docker.io", "docker.io"),
        ("docker.io/alice", "docker.io/alice"),
        ("registry-1.docker.io/library/nginx", "docker.io/library/nginx"),
    ],
)
def test_a_registry_has_one_key_however_it_is_written(desk: Desk, written: str, key: str) -> None:
    assert f"has no login for {key}\n" in desk.run("logout", written).stderr


class TestTheTerminal:
    """A real one, of a process whose standard input is closed."""

    @pytest.fixture
    def sitting(self, account: Account) -> Iterator[Sitting]:
        command = account.desk.command("login", "--file", account.address)
        with Sitting.of(command, account.desk.surroundings(**account.environ)) as sitting:
            yield sitting

    def test_who_is_there_is_asked_and_the_password_is_not_shown(self, account: Account, sitting: Sitting) -> None:
        sitting.answer(f"User name for {account.address}: ", "alice\n")
        sitting.answer(f"Password of alice for {account.address}: ", f"{PASSWORD}\n")
        assert sitting.ended() == 0
        assert account.at() == Login(account.address, BASIC)
        assert PASSWORD not in sitting.seen
        assert sitting.shows_what_is_typed

    @pytest.mark.parametrize(
        ("key", "code"), [("\x03", 130), ("\x04", 2), ("\n", 2)], ids=["Ctrl-C", "Ctrl-D", "Enter"]
    )
    def test_who_does_not_answer_stores_nothing(
        self, account: Account, sitting: Sitting, key: str, code: int
    ) -> None:
        sitting.answer("User name", "alice\n")
        sitting.answer("Password", key)
        assert (sitting.ended(), account.file.exists()) == (code, False)
        assert sitting.shows_what_is_typed

    def test_a_name_that_cannot_be_is_said_before_the_password_is_asked_for(self, sitting: Sitting) -> None:
        sitting.answer("User name", "al:ice\n")
        assert sitting.ended() == 2
        assert "Password" not in sitting.seen
