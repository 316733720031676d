"""In a home where no client has ever logged in, `ocibroker login` is enough."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.requirement import search_path
from tests.e2e.served import Served
from tests.e2e.stocked_registry import StockedRegistry

pytestmark = pytest.mark.e2e

_RULE = '[[registry]]\nmatch = "{address}"\nprovider = "docker-config"\nrealms = {realms}\n'


@dataclass(frozen=True)
class Home:
    folder: Path
    registry: StockedRegistry

    def furnish(self) -> "Home":
        """Trust the registry's authority and list its token endpoint; a public registry needs neither."""
        path = self.folder / ".config" / "ocibroker" / "config.toml"
        path.parent.mkdir(parents=True, mode=0o700)
        realms = json.dumps(Served.of(self.registry).realms)
        path.write_text(_RULE.format(address=self.registry.address, realms=realms))
        return self

    def run(self, *argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        environ = {
            "HOME": str(self.folder),
            "PATH": search_path(),
            "SSL_CERT_FILE": str(self.registry.authority.bundle),
        }
        command = [sys.executable, "-m", "ocibroker", *argv]
        return subprocess.run(command, env=environ, input=stdin, capture_output=True, text=True, check=False)

    def login(self, password: str) -> subprocess.CompletedProcess[str]:
        user = self.registry.account.username
        options = ("--file", "--password-stdin", "--username", user)
        return self.run("login", *options, self.registry.address, stdin=password)


@pytest.fixture
def home(registry: StockedRegistry, tmp_path: Path) -> Home:
    return Home(tmp_path, registry).furnish()


def test_a_login_is_what_get_answers_until_the_logout(home: Home, registry: StockedRegistry) -> None:
    done = home.login(registry.account.password)
    assert (done.returncode, done.stderr) == (0, "")
    got = home.run("get", f"{registry.address}/{registry.image.repository}", "--output", "docker")
    assert json.loads(got.stdout)["Secret"] == registry.account.password
    assert home.run("logout", registry.address).returncode == 0
    left = home.run("get", f"{registry.address}/{registry.image.repository}", "--output", "docker")
    assert (left.returncode, left.stdout) == (2, "")


def test_a_wrong_password_is_refused_by_the_registry_and_not_stored(home: Home) -> None:
    done = home.login("wrong")
    assert (done.returncode, done.stdout) == (4, "")
    assert not (home.folder / ".config" / "ocibroker" / "auth.json").exists()
