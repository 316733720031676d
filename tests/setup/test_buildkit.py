"""BuildKit's daemon is told whom to trust."""

from __future__ import annotations

import tomllib
from pathlib import Path

from ocibroker.setup import buildkit
from ocibroker.setup.settings import Settings
from tests.setup.household import Household
from tests.setup.test_containerd import CA, HOST, PAIR

BEFORE = """\
debug = true # loud

[registry."registry.test:5000"]
  # the mirrors
  mirrors = ["mirror.test"]
  ca = ["/etc/old.pem"]

[worker.oci]
  enabled = true
"""
ENTRY = {
    "ca": [str(CA)],
    "keypair": [{"key": str(PAIR.key), "cert": str(PAIR.certificate)}],
}


def made(before: str | None, settings: Settings | None = None) -> dict[str, bytes]:
    told = settings or Settings(environ={"HOME": "/home/a"}, hosts=(HOST,))
    plan = buildkit.plan(told, lambda _: None if before is None else before.encode())
    return {str(one.path): one.content for one in plan.files}


def test_a_new_file_is_the_user_s_and_names_the_configuration_s_own_files() -> None:
    ((path, content),) = made(None).items()
    assert path == "/home/a/.config/buildkit/buildkitd.toml"
    assert tomllib.loads(content.decode()) == {"registry": {HOST.name: ENTRY}}


def test_what_is_there_stays_and_ours_is_added() -> None:
    (content,) = made(BEFORE).values()
    found = tomllib.loads(content.decode())
    entry = {**ENTRY, "ca": ["/etc/old.pem", str(CA)], "mirrors": ["mirror.test"]}
    assert found == {**tomllib.loads(BEFORE), "registry": {HOST.name: entry}}
    assert all(comment in content.decode() for comment in ("# loud", "# the mirrors"))
    assert [*found] == ["debug", "registry", "worker"]


def test_twice_is_once() -> None:
    (content,) = made(BEFORE).values()
    assert [*made(content.decode()).values()] == [content]


def test_the_system_s_file_is_below_etc() -> None:
    system = Settings(environ={}, hosts=(HOST,), system=True, etc=Path("/sys"))
    assert [*made(None, system)] == ["/sys/buildkit/buildkitd.toml"]


def test_it_is_set_up_and_taken_back(house: Household) -> None:
    house.configure("registry.test", tls="registry.test")
    before = house.tree
    house.apply("buildkit")
    assert house.setup("buildkit").code == 0
    assert house.undo("buildkit").code == 0
    assert house.tree == before


def test_without_an_authority_there_is_nothing_to_tell(house: Household) -> None:
    house.configure("registry.test")
    assert (house.setup("buildkit").code, house.setup("buildkit").stdout) == (0, "")


def test_what_others_have_added_meanwhile_stays(house: Household) -> None:
    file = house.desk.write("buildkitd.toml", BEFORE)
    house.configure("registry.test:5000", "other.test", tls="registry.test:5000", more=house.mine)
    house.apply("buildkit", "--file", str(file))
    file.write_text(f"{file.read_text()}  rootless = true\n[registry.theirs]\n  http = true # lab\n")
    assert house.undo("buildkit").code == 0
    before = tomllib.loads(BEFORE)
    assert tomllib.loads(file.read_text()) == {
        **before,
        "registry": {**before["registry"], "theirs": {"http": True}},
        "worker": {"oci": {"enabled": True, "rootless": True}},
    }
    assert all(comment in file.read_text() for comment in ("# loud", "# the mirrors", "# lab"))
