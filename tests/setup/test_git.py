"""git is told of hosts and of whom to trust, as ``git config`` itself reads it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ocibroker.setup import git
from ocibroker.setup.settings import Host, Settings, Trust
from tests.setup.household import Household

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed: apt-get install git")

BEFORE = '[user]\n\tname = "Alice" ; me\n[credential]\n\thelper = store\n# end'


def asked(house: Household, *argv: str) -> list[str]:
    """Return what git says of its configuration in that home."""
    environ = {
        "HOME": str(house.desk.home),
        "XDG_CONFIG_HOME": str(house.desk.home / "config"),
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    program = shutil.which("git") or "git"
    done = subprocess.run([program, "config", *argv], env=environ, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.splitlines()


def matched(house: Household, name: str, url: str) -> list[str]:
    return asked(house, "--get-urlmatch", name, url)


@pytest.fixture
def config(house: Household) -> Path:
    path = house.desk.home / ".gitconfig"
    path.write_text(BEFORE)
    house.configure("git.test:8443", "part.test/team", tls="git.test:8443", more=house.mine)
    return path


def test_the_helper_is_asked_for_that_host_and_no_other(house: Household, config: Path) -> None:
    house.apply("git")
    assert matched(house, "credential.helper", "https://git.test:8443/team/app.git") == ["ocibroker"]
    for other in (
        "https://git.test/x",
        "https://other.test/x",
        "http://git.test:8443/x",
        "https://x.git.test:8443/",
    ):
        assert matched(house, "credential.helper", other) == ["store"]


def test_helpers_for_every_host_are_not_given_our_credentials_to_store(house: Household, config: Path) -> None:
    house.apply("git")
    assert asked(house, "--get-all", "credential.https://git.test:8443.helper") == ["", "ocibroker"]


def test_a_rule_for_a_part_of_a_host_is_for_that_part_and_the_path_is_passed_on(
    house: Household, config: Path
) -> None:
    house.apply("git")
    assert matched(house, "credential.helper", "https://part.test/team/app.git") == ["ocibroker"]
    assert matched(house, "credential.useHttpPath", "https://part.test/team/app.git") == ["true"]
    assert matched(house, "credential.helper", "https://part.test/other.git") == ["store"]


def test_authority_and_client_certificate_are_that_host_s(house: Household, config: Path) -> None:
    house.apply("git")
    url = "https://git.test:8443/team/app.git"
    (bundle,) = matched(house, "http.sslCAInfo", url)
    assert Path(bundle).read_text().startswith(house.ca.read_text())
    assert Path(bundle).read_text().count("BEGIN CERTIFICATE") > 1
    assert [matched(house, f"http.{name}", url) for name in ("sslCert", "sslKey")] == [[str(house.client)]] * 2
    assert matched(house, "http.sslCAInfo", "https://other.test/x") == []


def test_an_authority_alone_is_alone(house: Household) -> None:
    house.configure("git.test", tls="git.test", more="ca_only = true\n")
    house.apply("git")
    (bundle,) = matched(house, "http.sslCAInfo", "https://git.test/x")
    assert Path(bundle).read_text() == house.ca.read_text()


def test_what_is_there_stays_and_all_is_taken_back(house: Household, config: Path) -> None:
    before = house.tree
    house.apply("git")
    assert config.read_text().startswith(f"{BEFORE}\n# ocibroker setup: begin\n")
    assert asked(house, "user.name") == ["Alice"]
    assert house.setup("git").code == 0
    house.undo("git")
    assert house.tree == before


def test_what_comes_since_stays_when_ours_is_taken_back(house: Household, config: Path) -> None:
    house.apply("git")
    assert asked(house, "--global", "user.email", "a@b.test") == []
    house.configure("other.test")
    house.apply("git")
    assert matched(house, "credential.helper", "https://git.test:8443/x") == ["store"]
    house.undo("git")
    assert asked(house, "--list", "--global") == [
        "user.name=Alice",
        "user.email=a@b.test",
        "credential.helper=store",
    ]


@pytest.mark.parametrize(
    ("there", "environ", "place"),
    [
        ([], {}, ".gitconfig"),
        (["config/git/config"], {}, "config/git/config"),
        ([".gitconfig", "config/git/config"], {}, ".gitconfig"),
        ([], {"GIT_CONFIG_GLOBAL": "{home}/mine"}, "mine"),
    ],
)
def test_the_place_is_git_s_own(house: Household, there: list[str], environ: dict[str, str], place: str) -> None:
    for name in there:
        (house.desk.home / name).parent.mkdir(parents=True, exist_ok=True)
        (house.desk.home / name).touch()
    house.configure("git.test")
    named = {name: value.format(home=house.desk.home) for name, value in environ.items()}
    assert str(house.desk.home / place) in house.apply("git", **named).stdout
    assert house.setup("git", **named).code == 0


def test_the_system_s_file_and_bundle_are_below_etc() -> None:
    host = Host(name="git.test", asks=True, trust=Trust(authorities=("PEM\n",), ca_only=True))
    made = git.plan(Settings(environ={}, hosts=(host,), system=True, etc=Path("/sys")), lambda _: None)
    assert [str(one.path) for one in made.files] == ["/sys/ocibroker/trust/git/git.test.pem", "/sys/gitconfig"]


def test_a_path_with_any_character_is_read_as_it_is(house: Household) -> None:
    folder = house.desk.home / 'a "b" \\c;#'
    folder.mkdir()
    (folder / "me.pem").write_bytes(house.client.read_bytes())
    path = str(folder / "me.pem").replace("\\", "\\\\").replace('"', '\\"')
    house.configure(
        "git.test", more=f'[[tls]]\nmatch = "git.test"\nclient_cert = "{path}"\nclient_key = "{path}"\n'
    )
    house.apply("git")
    assert matched(house, "http.sslCert", "https://git.test/x") == [str(folder / "me.pem")]


def test_a_file_that_is_no_text_is_an_error(house: Household, config: Path) -> None:
    config.write_bytes(b"\xff")
    assert "is not UTF-8" in house.setup("git", "--apply").stderr
