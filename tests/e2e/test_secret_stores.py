"""A chart that is pulled with a password which lies in a store of secrets, and nowhere else."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.authority import Authority
from tests.e2e.clients import Completed, find
from tests.e2e.requirement import loopback
from tests.e2e.served import Served
from tests.e2e.stocked_registry import StockedRegistry
from tests.e2e.workstation import Workstation
from tests.vault import emulator
from tests.vault.emulator import Login, Vault

pytestmark = pytest.mark.e2e

HOST = "token.test"
TABLES = """
[[registry]]
match = "{address}"
provider = "basic"
realms = {realms}
options = {{ username = "alice", password = {password} }}
[[tls]]
match = "{vault}"
ca = ["{ca}"]
"""
DAEMON = "printf %s login | gnome-keyring-daemon --unlock --components=secrets >&2 && "
STORE = 'printf %s "$1" | keyring set charts alice && shift && '


@pytest.fixture
def vault(authority: Authority) -> Iterator[Vault]:
    with emulator.serving(authority.issue(loopback(HOST)).server_context(), HOST) as running:
        yield running


def workstation(registry: StockedRegistry, folder: Path, password: str, vault: str = "vault.test") -> Workstation:
    """A machine whose configuration says where the password lies."""
    served = Served.of(registry)
    path = served.configure(folder, known=False)
    (folder / "password").unlink()
    realms = "[" + ", ".join(f'"{realm}"' for realm in served.realms) + "]"
    text = TABLES.format(address=served.address, realms=realms, password=password, vault=vault, ca=served.ca)
    path.write_text(path.read_text() + text)
    made = Workstation.create(folder / "home", {"OCIBROKER_CONFIG": str(path)}, helpers={})
    (made.home / "run").mkdir(mode=0o700)
    return made


def pulled(done: Completed, machine: Workstation, registry: StockedRegistry) -> bool:
    """Whether a pull has written the registry's chart."""
    assert (done.returncode, done.stderr) == (0, done.stderr)
    return (machine.home / done.stdout.strip()).read_bytes() == registry.chart.layer.content


def test_a_password_in_vault(registry: StockedRegistry, vault: Vault, tmp_path: Path) -> None:
    vault.kv2["secret/charts"] = {"password": registry.account.password}
    vault.logins["approle"] = Login({"role_id": "pull", "secret_id": "s3cret"})
    (tmp_path / "secret-id").write_text("s3cret")
    where = f'url = "{vault.url}", path = "charts"'
    proof = 'auth = "approle", role_id = "pull", secret_id = { file = "secret-id" }'
    netloc = httpx.URL(vault.url).netloc.decode()
    machine = workstation(registry, tmp_path, f"{{ vault = {{ {where}, {proof} }} }}", netloc)
    done = machine.run("ocibroker", "pull", "-o", "ours", chart(registry))
    assert pulled(done, machine, registry)
    assert "POST /v1/auth/approle/login" in vault.asked


def test_without_vault_nothing_is_pulled_and_the_error_names_the_place(
    registry: StockedRegistry, vault: Vault, tmp_path: Path
) -> None:
    where = f'url = "{vault.url}", path = "charts", token = "hvs.stranger"'
    netloc = httpx.URL(vault.url).netloc.decode()
    machine = workstation(registry, tmp_path, f"{{ vault = {{ {where} }} }}", netloc)
    done = machine.run("ocibroker", "pull", "-o", "ours", chart(registry))
    assert done.returncode != 0
    said = " ".join(done.stderr.split())
    assert f"vault secret/charts at {vault.url}, password: Vault refused the request for the secret" in said
    assert "hvs.stranger" not in done.stdout + done.stderr
    assert emulator.BODY not in done.stdout + done.stderr


def test_a_password_in_the_keyring_of_the_operating_system(registry: StockedRegistry, tmp_path: Path) -> None:
    find("gnome-keyring-daemon")
    entry = '{ keyring = { service = "charts", username = "alice" } }'
    machine = workstation(registry, tmp_path, entry)
    script = f'{DAEMON}{STORE}exec ocibroker pull -o ours "$1"'
    session = ("dbus-run-session", "--", "sh", "-c", script, "sh", registry.account.password, chart(registry))
    assert pulled(machine.run(*session), machine, registry)


def chart(registry: StockedRegistry) -> str:
    return f"oci://{registry.address}/{registry.chart.repository}:{registry.chart.tag}"
