"""containerd is told whom to trust, in the files of its hosts."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from ocibroker.origin import Origin
from ocibroker.setup import containerd
from ocibroker.setup.settings import ClientPair, Host, Settings, Trust
from ocibroker.tls.hosts_toml import read_hosts
from tests.setup.household import Household

CA = Path("/etc/ssl/corp.pem")
PAIR = ClientPair(Path("/etc/ssl/me.pem"), Path("/etc/ssl/me.key"), "", b"")
HOST = Host(name="registry.test:5000", asks=True, trust=Trust(files=(CA,), authorities=("PEM\n",), client=PAIR))
PLACE = Path("/etc/containerd/certs.d/registry.test:5000/hosts.toml")


def made(before: dict[Path, str], *hosts: Host) -> dict[Path, str]:
    settings = Settings(environ={}, hosts=hosts or (HOST,))
    plan = containerd.plan(settings, lambda path: before[path].encode() if path in before else None)
    return {one.path: one.content.decode() for one in plan.files}


def test_a_new_file_names_the_configuration_s_own_files() -> None:
    assert made({}) == {
        PLACE: 'server = "https://registry.test:5000"\n'
        'ca = ["/etc/ssl/corp.pem"]\n'
        'client = [["/etc/ssl/me.pem", "/etc/ssl/me.key"]]\n'
    }


def test_ocibroker_itself_reads_it_as_it_was_meant() -> None:
    found = read_hosts(PLACE, made({})[PLACE].encode(), Origin.parse("https://registry.test:5000"))
    assert (found.ca, found.client, found.notes) == ((CA,), (PAIR.certificate, PAIR.key), ())


MIRRORED = """\
# the mirror in the cellar
server = "https://registry.test:5000"  # itself

[host."https://mirror.test"]
capabilities = ["pull"] # no push
"""
ITSELF = '[host."https://registry.test:5000"]\n  # old\n  ca = "old.crt"\n  skip_verify = false\n'


@pytest.mark.parametrize(("before", "table"), [(MIRRORED, ()), (ITSELF, ("host", "https://registry.test:5000"))])
def test_what_is_there_stays_with_its_comments(before: str, table: tuple[str, ...]) -> None:
    after = made({PLACE: before})[PLACE]
    old, new = tomllib.loads(before), tomllib.loads(after)
    place: dict[str, Any] = new
    for name in table:
        place = place[name]
    assert (place["ca"], place["client"]) == ([str(CA)], [[str(PAIR.certificate), str(PAIR.key)]])
    assert {part.strip() for part in before.splitlines() if "#" in part} <= {
        part.strip() for part in after.splitlines()
    }
    assert new.get("host", {}).keys() == old.get("host", {}).keys()


def test_a_file_that_leads_elsewhere_is_left_alone() -> None:
    assert made({PLACE: 'server = "https://elsewhere.test"\n'}) == {}


def test_the_folder_that_containerd_looks_into_first_is_written() -> None:
    first = PLACE.parent.with_name("registry.test_5000_") / "hosts.toml"
    assert [*made({first: "", PLACE: ""})] == [first]


def test_a_host_without_trust_has_no_file() -> None:
    assert made({}, Host(name="registry.test", asks=True)) == {}


def test_another_folder_is_set_up_and_taken_back(house: Household) -> None:
    house.configure("registry.test", tls="registry.test")
    before = house.tree
    outcome = house.apply("containerd", "--file", str(house.desk.home / "certs.d"))
    assert outcome.stdout == f"made {house.desk.home}/certs.d/registry.test/hosts.toml\n"
    assert (house.desk.home / "certs.d" / "registry.test").stat().st_mode & 0o777 == 0o755
    assert house.setup("containerd", "--file", str(house.desk.home / "certs.d")).code == 0
    assert house.undo("containerd").code == 0
    assert house.tree == before


def test_what_others_have_added_meanwhile_stays(house: Household) -> None:
    house.configure("registry.test", tls="registry.test", more=house.mine)
    certs = ("--file", str(house.desk.home / "certs.d"))
    house.apply("containerd", *certs)
    place = house.desk.home / "certs.d" / "registry.test" / "hosts.toml"
    place.write_text(place.read_text() + MIRRORED.partition("\n\n")[2])
    assert house.setup("containerd", *certs).code == 0
    assert house.undo("containerd").code == 0
    assert place.read_text().strip() == MIRRORED.partition("\n\n")[2].strip()
