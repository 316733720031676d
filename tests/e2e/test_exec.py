"""A password that Debian's ``docker-credential-pass`` keeps, under a real gpg key, opens a real registry."""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e import docker_registry
from tests.e2e.requirement import executable, loopback
from tests.e2e.stocked_registry import StockedRegistry
from tests.e2e.workstation import Workstation

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class PasswordStore:
    """A store of ``pass`` in a home of its own."""

    home: Path
    helper: str

    @property
    def environ(self) -> dict[str, str]:
        return {"GNUPGHOME": str(self.home), "PASSWORD_STORE_DIR": str(self.home / "store")}

    def run(self, *argv: str, stdin: str = "") -> str:
        environ = {"PATH": "/usr/bin:/bin", "HOME": str(self.home), **self.environ}
        done = subprocess.run(
            argv, env=environ, input=stdin, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    def make(self) -> None:
        """Make a key without a passphrase, and the store that it is for."""
        self.run("gpg", "--batch", "--passphrase", "", "--quick-generate-key", "Alice <alice@example.com>")
        listed = self.run("gpg", "--batch", "--with-colons", "--list-keys").splitlines()
        fingerprint = next(line.split(":")[9] for line in listed if line.startswith("fpr"))
        self.run("pass", "init", fingerprint)

    def keep(self, server: str, username: str, secret: str) -> None:
        kept = {"ServerURL": server, "Username": username, "Secret": secret}
        self.run(self.helper, "store", stdin=json.dumps(kept))


@pytest.fixture(scope="module")
def store() -> Iterator[PasswordStore]:
    helper = executable("docker-credential-pass", "apt-get install golang-docker-credential-helpers")
    for program, package in (("pass", "pass"), ("gpg", "gnupg")):
        executable(program, f"apt-get install {package}")
    # Not below pytest's folder: the path of the agent's socket has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="gpg-") as folder:
        made = PasswordStore(Path(folder), helper)
        try:
            made.make()
            yield made
        finally:
            made.run("gpgconf", "--kill", "all")


@pytest.fixture
def desk(registry_htpasswd: StockedRegistry, store: PasswordStore, tmp_path: Path) -> Workstation:
    loopback(docker_registry.NAMES[0])
    trust = {"SSL_CERT_FILE": str(registry_htpasswd.authority.bundle)}
    return Workstation.create(tmp_path, {**trust, **store.environ}, helpers={})


def configure(desk: Workstation, address: str, options: Mapping[str, str]) -> None:
    table = ", ".join(f"{name} = {value}" for name, value in options.items())
    path = desk.home / ".config" / "ocibroker" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(f'[[registry]]\nmatch = "{address}"\nprovider = "exec"\noptions = {{ {table} }}\n')


def test_a_chart_is_pulled_with_what_the_helper_keeps(
    registry_htpasswd: StockedRegistry, store: PasswordStore, desk: Workstation, tmp_path: Path
) -> None:
    registry, account = registry_htpasswd, registry_htpasswd.account
    store.keep(registry.address, account.username, account.password)
    variables = ", ".join(f'{name} = {{ env = "{name}" }}' for name in store.environ)
    configure(desk, registry.address, {"command": f'["{store.helper}"]', "environment": f"{{ {variables} }}"})
    chart = f"{registry.address}/{registry.chart.name}"
    done = desk.run("ocibroker", "pull", "--output", str(tmp_path / "pulled"), chart)
    assert (done.returncode, done.stderr) == (0, done.stderr), done.stderr
    assert [path.read_bytes() for path in (tmp_path / "pulled").glob("*.tgz")] == [registry.chart.layer.content]


def test_what_the_helper_does_not_have_is_an_error_in_one_line(
    registry_htpasswd: StockedRegistry, store: PasswordStore, desk: Workstation
) -> None:
    configure(desk, "unknown.test", {"command": f'["{store.helper}"]', "inherit": "true"})
    got = desk.run("ocibroker", "get", "unknown.test/app")
    assert (got.returncode != 0, got.stdout, got.stderr.count("\n")) == (True, "", 1)
    assert "has no credential for unknown.test/app" in got.stderr
