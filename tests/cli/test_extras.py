"""Where only one extra is installed, its provider works, and the others are listed with what brings them."""

from __future__ import annotations

import json
import subprocess
from importlib import import_module
from importlib.metadata import metadata
from pathlib import Path

import pytest

from ocibroker.providers import BUILT_IN
from ocibroker.testing import ProviderContract
from tests.cli.lean_environment import LeanEnvironment
from tests.google.accounts import Accounts

WANTING = sorted(BUILT_IN.keys() & set(metadata("ocibroker").get_all("Provides-Extra") or ()))

OPTIONS = {
    "keyring": "{ service = 'charts', username = 'alice' }",
    "kubernetes": "{ fleet_secret = '/nowhere' }",
    "vault": "{ url = 'https://vault.test', path = 'charts', token = { file = '/nowhere' } }",
}
"""What a rule has to say at least for a provider that claims nothing."""

FETCH = """
import sys
from ocibroker import Anonymous, Broker, OcibrokerError

# Whatever is asked, the machine's metadata among it, nobody is there.
environ = {"HOME": sys.argv[2], "GOOGLE_APPLICATION_CREDENTIALS": f"{sys.argv[2]}/key.json"}
with Broker.from_config(environ=environ, route=lambda *_: ("127.0.0.1", 1)) as broker:
    try:
        found = broker.access(sys.argv[1]).credential
        assert isinstance(found, Anonymous)
        print("Anonymous", found.reason)
    except OcibrokerError as error:
        print(type(error).__name__, error)
"""


@pytest.fixture(scope="module", params=["", *WANTING])
def only(request: pytest.FixtureRequest) -> str:
    """The provider whose extra is installed; empty for none."""
    return str(request.param)


@pytest.fixture(scope="module")
def lean(only: str, tmp_path_factory: pytest.TempPathFactory) -> LeanEnvironment:
    made = LeanEnvironment.create(tmp_path_factory.mktemp("lean"), "cli", *filter(None, [only]))
    (made.folder / "key.json").write_text(json.dumps(Accounts().key("ci")))
    return made


def test_the_others_are_listed_as_unavailable(only: str, lean: LeanEnvironment) -> None:
    done = lean.run("-m", "ocibroker", "providers", "--output", "json")
    assert (done.returncode, done.stderr) == (0, "")
    found = {one["name"]: one for one in json.loads(done.stdout)}
    unavailable = {name for name, one in found.items() if one["state"] == "unavailable"}
    assert unavailable == {name for name in WANTING if name != only}
    for name in unavailable:
        assert f"not installed (pip install 'ocibroker[{name}]')" in found[name]["reason"]


def test_a_check_of_the_configuration_says_what_its_rules_lack(only: str, lean: LeanEnvironment) -> None:
    rules = (
        f"[[registry]]\nmatch = '{name}.test'\nprovider = '{name}'\noptions = {OPTIONS.get(name, '{}')}\n"
        for name in WANTING
    )
    config = lean.folder / "config.toml"
    config.write_text("".join(rules))
    done = lean.run("-m", "ocibroker", "--config", str(config), "config", "check")
    assert done.returncode == 0
    assert [line.rpartition(" ")[2] for line in done.stderr.splitlines()] == [
        f"'ocibroker[{name}]')" for name in WANTING if name != only
    ]


@pytest.mark.parametrize("name", sorted({*WANTING} - OPTIONS.keys()))
def test_a_fetch_says_what_to_install_or_finds_nobody_there(name: str, only: str, lean: LeanEnvironment) -> None:
    done = lean.run("-c", FETCH, target(name), str(lean.folder))
    assert done.stderr == ""
    kind, _, said = done.stdout.partition(" ")
    assert kind in {"Anonymous", "NoIdentity", "CredentialUnavailable", "ConnectionFailed"}
    assert (f"pip install 'ocibroker[{name}]'" in said) == (name != only)


@pytest.mark.parametrize("name", WANTING)
def test_the_doctor_says_what_a_rule_needs_and_is_not_installed(
    name: str, only: str, lean: LeanEnvironment
) -> None:
    path = lean.folder / f"{name}.toml"
    path.touch(0o600)
    options = OPTIONS.get(name, "{}")
    path.write_text(f'[[registry]]\nmatch = "*.registry.test"\nprovider = "{name}"\noptions = {options}\n')
    done = lean.run("-m", "ocibroker", "--config", str(path), "doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert (f"pip install 'ocibroker[{name}]'" in done.stdout) == (name != only)


def test_a_store_that_a_fleet_shares_says_what_to_install(lean: LeanEnvironment) -> None:
    done = asked(lean, "get", "registry.test")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"ocibroker: {lean.folder / 'shared.toml'}: cache.store: needs hiredis, which is not installed"
        " (pip install 'ocibroker[redis]')\n"
    )


def test_and_that_is_all_it_needs(tmp_path: Path) -> None:
    lean = LeanEnvironment.create(tmp_path, "cli", "redis")
    done = asked(lean, "cache", "list")
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr.startswith("ocibroker: redis://127.0.0.1:1/0: Connection refused")


def asked(lean: LeanEnvironment, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run a command where a store is configured that is not there."""
    path = lean.folder / "shared.toml"
    path.touch(0o600)
    path.write_text(f'[cache]\nstore = "redis://127.0.0.1:1"\nencryption_key = "{"00" * 32}"\n')
    return lean.run("-m", "ocibroker", "--config", str(path), *argv)


def target(name: str) -> str:
    """Return what the provider claims first, by its tests of the contract."""
    tests = vars(import_module(f"tests.plugins.test_{name.replace('-', '_')}")).values()
    return next(
        one.recognised[0]
        for one in tests
        if isinstance(one, type) and issubclass(one, ProviderContract) and one.recognised
    )


def test_there_are_such_providers() -> None:
    assert "ecr" in WANTING
