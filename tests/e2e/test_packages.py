"""pip and uv install from a private index with the credential that ``keyring`` gets from ocibroker."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.lean_environment import LeanEnvironment
from tests.e2e import package_index
from tests.e2e.account import Account
from tests.e2e.authority import Authority
from tests.e2e.requirement import executable, search_path
from tests.transport.answering_server import AnsweringServer

pytestmark = pytest.mark.e2e

RULE = """
[[registry]]
match = "localhost:{port}"
provider = "basic"
options = {{ username = "{username}", password = {{ file = "password" }} }}
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> LeanEnvironment:
    """Python with pip, keyring and ocibroker."""
    return LeanEnvironment.create(tmp_path_factory.mktemp("environment"), "keyring", beside=("pip",))


@dataclass(frozen=True)
class Buyer:
    """Who installs from the index, in a home of their own."""

    home: Path
    authority: Authority
    environment: LeanEnvironment
    index: AnsweringServer

    @property
    def python(self) -> str:
        return str(self.environment.folder / "bin" / "python")

    def url(self, username: str = "") -> str:
        return f"https://{username and f'{username}@'}localhost:{self.index.port}/simple"

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        environ = {
            "HOME": str(self.home),
            "PATH": search_path(),
            "OCIBROKER_CONFIG": str(self.home / "config.toml"),
            "SSL_CERT_FILE": str(self.authority.bundle),
            "PIP_CONFIG_FILE": "/dev/null",
        }
        return subprocess.run(
            argv, env=environ, cwd=self.home, capture_output=True, text=True, check=False, timeout=120
        )

    def pip(self, provider: str, url: str) -> subprocess.CompletedProcess[str]:
        said = ("--no-input", "--no-cache-dir", "--disable-pip-version-check", "--cert", str(self.authority.bundle))
        where = ("--keyring-provider", provider, "--index-url", url, "--target", "out")
        return self.run(self.python, "-m", "pip", "install", *said, *where, package_index.NAME)

    def uv(self, *more: str) -> subprocess.CompletedProcess[str]:
        program = executable("uv", "pip install uv")
        where = ("--keyring-provider", "subprocess", *more, "--target", "out", "--no-cache")
        return self.run(program, "pip", "install", "--python", self.python, *where, package_index.NAME)

    @property
    def installed(self) -> list[str]:
        return sorted(path.name for path in (self.home / "out").glob("*.py"))


@pytest.fixture
def buyer(tmp_path: Path, authority: Authority, account: Account, environment: LeanEnvironment) -> Iterator[Buyer]:
    secret, config = tmp_path / "password", tmp_path / "config.toml"
    for path in (secret, config):
        path.touch(mode=0o600)
    secret.write_text(account.password)
    with package_index.serving(account, authority.issue("localhost").server_context()) as index:
        config.write_text(RULE.format(port=index.port, username=account.username))
        yield Buyer(tmp_path, authority, environment, index)


@pytest.mark.parametrize(("provider", "username"), [("subprocess", "alice"), ("import", "alice"), ("import", "")])
def test_pip_installs(buyer: Buyer, provider: str, username: str) -> None:
    done = buyer.pip(provider, buyer.url(username))
    assert (done.returncode, buyer.installed) == (0, ["hello_of_the_index.py"]), done.stderr


def test_uv_installs(buyer: Buyer) -> None:
    done = buyer.uv("--index-url", buyer.url("alice"))
    assert (done.returncode, buyer.installed) == (0, ["hello_of_the_index.py"]), done.stderr


def test_uv_asks_without_a_user_name_only_where_it_is_told_to(buyer: Buyer) -> None:
    assert buyer.uv("--index-url", buyer.url()).returncode != 0
    (buyer.home / "uv.toml").write_text(
        f'[[index]]\nurl = "{buyer.url()}"\ndefault = true\nauthenticate = "always"\n'
    )
    done = buyer.uv()
    assert (done.returncode, buyer.installed) == (0, ["hello_of_the_index.py"]), done.stderr


def test_without_a_rule_nobody_is_given_anything(buyer: Buyer, account: Account) -> None:
    (buyer.home / "config.toml").write_text("")
    for done in (buyer.pip("subprocess", buyer.url("alice")), buyer.uv("--index-url", buyer.url("alice"))):
        assert done.returncode != 0
        assert account.password not in done.stdout + done.stderr
    assert account.basic not in buyer.index.saw("authorization")
