"""Podman, Buildah and skopeo are told of hosts and of whom to trust."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from ocibroker.setup import podman
from ocibroker.setup.settings import Host, Settings, Trust
from tests.setup.household import Household

REGISTRIES = """\
# ours since 2019
unqualified-search-registries = ["registry.test"]  # only this
credential-helpers = ["secretservice"]

[[registry]]
location = "registry.test"
"""


def test_the_logins_file_and_the_certificates_are_containers_own(house: Household) -> None:
    house.configure("registry.test:5000", tls="registry.test:5000", more=house.mine)
    house.apply("podman")
    document = json.loads((house.desk.home / "config" / "containers" / "auth.json").read_text())
    assert document == {"credHelpers": {"registry.test:5000": "ocibroker"}}
    folder = house.desk.home / ".config" / "containers" / "certs.d" / "registry.test:5000"
    assert {path.name for path in folder.iterdir()} == {"ca.crt", "client.cert", "client.key"}


def test_the_variable_that_names_the_logins_is_followed(house: Household) -> None:
    house.configure("registry.test")
    house.apply("podman", REGISTRY_AUTH_FILE=str(house.desk.home / "auth.json"))
    assert (house.desk.home / "auth.json").exists()


class TestHelpersOfTheWholeConfiguration:
    @pytest.fixture
    def registries(self, house: Household) -> Path:
        path = house.desk.home / "config" / "containers" / "registries.conf"
        path.parent.mkdir(parents=True)
        path.write_text(REGISTRIES)
        house.configure("registry.test")
        return path

    def test_files_of_logins_are_added_where_they_are_left_out(self, house: Household, registries: Path) -> None:
        house.apply("podman")
        wanted = '["containers-auth.json","secretservice"]'
        assert registries.read_text() == REGISTRIES.replace('["secretservice"]', wanted)
        assert house.setup("podman").code == 0
        house.undo("podman")
        assert registries.read_text() == REGISTRIES

    @pytest.mark.parametrize("line", ["", "credential-helpers = []", 'credential-helpers=["containers-auth.json"]'])
    def test_a_file_that_does_not_leave_them_out_stays(self, house: Household, registries: Path, line: str) -> None:
        registries.write_text(f"{line}\n")
        house.apply("podman")
        assert registries.read_text() == f"{line}\n"

    def test_a_file_that_is_broken_is_an_error(self, house: Household, registries: Path) -> None:
        registries.write_text("= [")
        outcome = house.setup("podman", "--apply")
        assert (outcome.code, "is not TOML" in outcome.stderr) == (2, True)

    def test_what_others_have_added_meanwhile_stays(self, house: Household, registries: Path) -> None:
        house.apply("podman")
        with registries.open("a") as file:
            file.write('prefix = "x"\n')
        assert house.setup("podman").code == 0
        assert house.undo("podman").code == 0
        assert registries.read_text() == f'{REGISTRIES}prefix = "x"\n'

    def test_where_others_have_changed_our_value_nothing_is_undone(
        self, house: Household, registries: Path
    ) -> None:
        house.apply("podman")
        registries.write_text(registries.read_text().replace("secretservice", "pass"))
        assert house.undo("podman").code == 2
        assert tomllib.loads(registries.read_text())["credential-helpers"] == ["containers-auth.json", "pass"]

    def test_of_the_system_s_file_it_is_said(self, tmp_path: Path) -> None:
        system = tmp_path / "containers" / "registries.conf"
        settings = Settings(environ={"HOME": "/h"}, hosts=(Host(name="r.test", asks=True),), etc=tmp_path)
        made = podman.plan(settings, lambda path: REGISTRIES.encode() if path == system else None)
        assert [str(one.path) for one in made.files] == ["/h/.config/containers/auth.json"]
        why = "credential-helpers leaves out containers-auth.json, so that no file of logins is read: add it there"
        assert made.notes == (f"{system}: {why}",)


def test_logins_that_come_first_are_named(house: Household) -> None:
    house.configure("registry.test")
    place = house.desk.home / "run" / "containers" / "auth.json"
    place.parent.mkdir(parents=True)
    place.write_text("{}")
    assert (
        f"logins in {place} come first"
        in house.setup("podman", XDG_RUNTIME_DIR=str(house.desk.home / "run")).stderr
    )


def test_for_the_whole_machine_there_are_certificates_alone() -> None:
    host = Host(name="registry.test", asks=True, trust=Trust(authorities=("PEM\n",)))
    made = podman.plan(Settings(environ={}, hosts=(host,), system=True, etc=Path("/sys")), lambda _: None)
    assert [str(one.path) for one in made.files] == ["/sys/containers/certs.d/registry.test/ca.crt"]
