"""git finds its credential through ``git-credential-ocibroker``."""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.e2e import clients, git_server
from tests.e2e.account import Account
from tests.e2e.authority import Authority
from tests.e2e.git_server import GitServer
from tests.e2e.requirement import search_path
from tests.transport.answering_server import AnsweringServer

pytestmark = pytest.mark.e2e

ACCOUNTS = {"team-a": Account("alice", "wonder: land"), "team-b": Account("bob", "builder")}

_RULE = """
[[registry]]
match = "{address}/{team}"
provider = "basic"
options = {{ username = "{account.username}", password = "{account.password}" }}
"""


@dataclass(frozen=True)
class Developer:
    """Somebody whose git knows the helper, and the server's authority; nobody is there to type a password."""

    home: Path
    address: str
    server: AnsweringServer
    environ: Mapping[str, str]

    def git(self, *argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [git_server.git(), *argv]
        return subprocess.run(
            command, env=self.environ, cwd=self.home, input=stdin, capture_output=True, text=True, check=False
        )

    def url(self, path: str) -> str:
        return f"https://{self.address}/{path}"


@pytest.fixture
def developer(authority: Authority, tmp_path: Path) -> Iterator[Developer]:
    server = GitServer(tmp_path / "server", ACCOUNTS)
    for team in ACCOUNTS:
        server.create(f"{team}/app", f"of {team}")
    with git_server.serving(server, authority.issue("localhost").server_context()) as running:
        home, address = tmp_path / "home", f"localhost:{running.port}"
        home.mkdir()
        config = home / "ocibroker.toml"
        config.touch(mode=0o600)
        config.write_text(
            "".join(_RULE.format(address=address, team=team, account=ACCOUNTS[team]) for team in ACCOUNTS)
        )
        (home / ".gitconfig").write_text("[credential]\n\thelper = ocibroker\n\tuseHttpPath = true\n")
        environ = {
            "HOME": str(home),
            "PATH": search_path(),
            "OCIBROKER_CONFIG": str(config),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_SSL_CAINFO": str(authority.bundle),
        }
        yield Developer(home, address, running, environ)


@pytest.mark.parametrize("team", ACCOUNTS)
def test_git_credential_fill_has_the_account_of_the_path(team: str, developer: Developer) -> None:
    done = developer.git("credential", "fill", stdin=f"url={developer.url(f'{team}/app.git')}\n\n")
    account = ACCOUNTS[team]
    assert (done.returncode, done.stderr) == (0, "")
    assert {f"username={account.username}", f"password={account.password}"} <= set(done.stdout.splitlines())


@pytest.mark.parametrize("team", ACCOUNTS)
def test_a_clone_is_served_through_the_helper(team: str, developer: Developer) -> None:
    done = developer.git("clone", "--quiet", developer.url(f"{team}/app.git"))
    assert (done.returncode, done.stderr) == (0, "")
    assert (developer.home / "app" / "README").read_text() == f"of {team}"
    assert set(developer.server.saw("authorization")) == {ACCOUNTS[team].basic}


def test_after_setup_a_clone_needs_nothing_else(authority: Authority, developer: Developer) -> None:
    (developer.home / ".gitconfig").unlink()
    bare = {name: value for name, value in developer.environ.items() if name != "GIT_SSL_CAINFO"}
    with (developer.home / "ocibroker.toml").open("a") as config:
        config.write(f'[[tls]]\nmatch = "{developer.address}"\nca = ["{authority.bundle}"]\n')
    newcomer = replace(developer, environ=bare)
    assert newcomer.git("clone", "--quiet", developer.url("team-a/app.git")).returncode != 0
    clients.run(("ocibroker", "setup", "git", "--apply"), bare, developer.home).check_returncode()
    for team, account in ACCOUNTS.items():
        done = newcomer.git("clone", "--quiet", developer.url(f"{team}/app.git"), team)
        assert (done.returncode, done.stderr) == (0, "")
        assert developer.server.saw("authorization")[-1] == account.basic


def test_without_the_helper_it_is_refused(developer: Developer) -> None:
    (developer.home / ".gitconfig").unlink()
    done = developer.git("clone", "--quiet", developer.url("team-a/app.git"))
    assert done.returncode != 0
    assert developer.server.saw("authorization") == []


def test_for_a_path_that_nobody_has_an_account_for_nothing_is_sent(developer: Developer) -> None:
    done = developer.git("credential", "fill", stdin=f"url={developer.url('team-c/app.git')}\n\n")
    assert (done.returncode, "password=" in done.stdout) == (128, False)
