"""`ocibroker cache` on a store that a fleet shares."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli import acme
from tests.cli.desk import Desk, Outcome
from tests.cli.neighbourhood import Neighbourhood
from tests.fleet.machines import ENVIRON, Fleet
from tests.fleet.redis_server import PASSWORD
from tests.fleet.test_store import KEY, OTHER, SECRET, kept
from tests.transport.brokers import made_rule

pytestmark = pytest.mark.e2e


@pytest.fixture
def command(fleet: Fleet, tmp_path: Path) -> Callable[..., Outcome]:
    """Runs it over TLS, as the configuration says."""
    desk = Desk(tmp_path / "home")
    address = f"localhost:{fleet.server.port}"
    desk.configure(
        fleet.table(store=f'"rediss://{address}"')
        + f'[[tls]]\nmatch = "{address}"\nca = ["{fleet.authority.bundle}"]\n'
    )
    return lambda *argv: desk.process("cache", *argv, **ENVIRON)


@pytest.mark.parametrize(("reach", "asked"), [("global", 0), ("local", 1)])
def test_a_command_on_another_machine_finds_what_one_has_fetched_for_an_account_of_all(
    fleet: Fleet, tmp_path: Path, reach: str, asked: int
) -> None:
    machines = [machine(fleet, tmp_path / name, reach) for name in ("one", "another")]
    for found in (one.process("get", "acme.test") for one in machines):
        assert (found.code, found.stderr) == (0, "")
    assert [one.asked for one in machines] == [1, asked]


def machine(fleet: Fleet, home: Path, reach: str) -> Neighbourhood:
    """Return one without a file of another's, whose commands share by the configuration alone."""
    desk = Desk(home)
    made = Neighbourhood(desk, acme.install(home / "packages"))
    options = f'options = {{ kind = "bearer", reach = "{reach}" }}'
    rule = made_rule("acme.test", provider="acme", more=options)
    cache = fleet.table(
        store=f'"redis://127.0.0.1:{fleet.server.plain_port}"',
        password='{ file = "password" }',
        encryption_key='{ file = "key" }',
    )
    folder = desk.configure(rule + cache).parent
    (folder / "password").write_text(PASSWORD)
    (folder / "key").write_text(ENVIRON["KEY"])
    return made


def test_what_is_shared_is_listed_and_cleared(fleet: Fleet, command: Callable[..., Outcome]) -> None:
    fleet.store().put(KEY, kept(), "ecr")
    fleet.store().put(OTHER, kept(), "gar")
    fleet.store(tenant='"team-b"').put(KEY, kept(), "acr")
    listed = command("list", "--output", "json")
    assert (listed.code, listed.stderr) == (0, "")
    assert {(one["provider"], one["kind"], one["expired"]) for one in json.loads(listed.stdout)} == {
        ("ecr", "basic", False),
        ("gar", "basic", False),
    }
    assert SECRET not in listed.stdout
    assert command("clear").stdout == "forgotten: 2 credentials\n"
    assert command("clear").stdout == "forgotten: 0 credentials\n"
    assert fleet.names("team-b")
