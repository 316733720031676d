"""Docker is told of hosts and of whom to trust."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from ocibroker.setup import docker
from ocibroker.setup.settings import Host, Settings, Trust
from tests.setup.household import Household


def entries(house: Household, name: str = ".docker/config.json") -> dict[str, str]:
    found: dict[str, str] = json.loads((house.desk.home / name).read_text())["credHelpers"]
    return found


def test_it_asks_for_exactly_the_hosts_that_the_rules_spell_out(house: Household) -> None:
    house.configure("registry.test:5000", "Plain.Test:443", "*.example.com", "part.test/team", "docker.io")
    outcome = house.apply("docker")
    assert entries(house) == dict.fromkeys(
        ("registry.test:5000", "plain.test", "https://index.docker.io/v1/", "index.docker.io"), "ocibroker"
    )
    assert "not told of *.example.com: it knows no *, so name hosts with --host" in outcome.stderr
    assert (
        "not told of part.test/team: it asks for whole hosts, and no rule is for all of part.test" in outcome.stderr
    )


def test_a_host_can_be_named_beside_them(house: Household) -> None:
    house.configure("registry.test")
    house.apply("docker", "--host", "1.dkr.example.com", "--host", "Other.Test:443")
    assert [*entries(house)] == ["registry.test", "1.dkr.example.com", "other.test"]


@pytest.mark.parametrize("host", ["r.test/team", "https://r.test", "*.test", "", "r.test:x", "a b"])
def test_what_is_no_host_is_an_error(house: Household, host: str) -> None:
    outcome = house.setup("docker", "--host", host)
    assert (outcome.code, outcome.stdout) == (2, "")


def test_an_error_names_the_host_as_it_was_given(house: Household) -> None:
    assert "'oci://https://r.test'" in house.setup("docker", "--host", "oci://https://r.test").stderr


def test_the_daemon_is_given_authority_and_client_certificate(house: Household) -> None:
    house.configure("registry.test:5000", tls="registry.test:5000", more=house.mine)
    house.apply("docker")
    folder = house.desk.home / "config" / "docker" / "certs.d" / "registry.test:5000"
    assert (folder / "ca.crt").read_bytes() == house.ca.read_bytes()
    key, begin, certificate = house.client.read_text().partition("-----BEGIN CERTIFICATE")
    assert (folder / "client.key").read_text() == key
    assert (folder / "client.cert").read_text() == begin + certificate
    assert [(folder / name).stat().st_mode & 0o777 for name in ("ca.crt", "client.key")] == [0o644, 0o600]


def test_a_host_that_is_only_trusted_is_trusted_and_not_asked_for(house: Household) -> None:
    house.configure("registry.test", tls="tokens.test")
    house.apply("docker")
    assert [*entries(house)] == ["registry.test"]
    assert (house.desk.home / "config/docker/certs.d/tokens.test/ca.crt").exists()


def test_an_encrypted_key_is_said_and_not_told(house: Household) -> None:
    key = load_pem_private_key(house.client.read_bytes(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open"))
    path = house.desk.write("locked.pem", locked.decode())
    entry = f'client_cert = "{house.client}"\nclient_key = "{path}"\nclient_key_password = "open"\n'
    house.configure("registry.test", tls="registry.test", more=entry)
    assert "registry.test: its client key is encrypted, which no tool can be told" in house.apply("docker").stderr
    folder = house.desk.home / "config" / "docker" / "certs.d" / "registry.test"
    assert [path.name for path in folder.iterdir()] == ["ca.crt"]


def test_what_weakens_a_host_is_said_and_not_told(house: Household) -> None:
    house.configure("lab.test", more='[[tls]]\nmatch = "lab.test"\ninsecure = true\n')
    assert "lab.test: insecure is set, which no other tool is told" in house.apply("docker").stderr


def test_a_certificate_that_cannot_be_used_is_an_error_that_names_it(house: Household) -> None:
    house.configure("registry.test", more='[[tls]]\nmatch = "registry.test"\nca = ["/nowhere.pem"]\n')
    outcome = house.setup("docker", "--apply")
    assert outcome.code == 2
    assert "/nowhere.pem: cannot be read" in outcome.stderr
    assert house.tree.keys() == {"config"}


@pytest.mark.parametrize(
    ("environ", "place"),
    [({}, ".docker/config.json"), ({"DOCKER_CONFIG": "{home}/elsewhere"}, "elsewhere/config.json")],
)
def test_the_place_is_dockers_own(house: Household, environ: dict[str, str], place: str) -> None:
    house.configure("registry.test")
    house.apply("docker", **{name: value.format(home=house.desk.home) for name, value in environ.items()})
    assert entries(house, place) == {"registry.test": "ocibroker"}


def test_another_file_can_be_named(house: Household) -> None:
    house.configure("registry.test")
    house.apply("docker", "--file", str(house.desk.home / "mine.json"))
    assert entries(house, "mine.json") == {"registry.test": "ocibroker"}


def test_for_the_whole_machine_the_daemon_alone_is_told() -> None:
    host = Host(name="registry.test:5000", asks=True, trust=Trust(authorities=("PEM\n",), ca_only=True))
    made = docker.plan(Settings(environ={}, hosts=(host,), system=True, etc=Path("/sys/etc")), lambda _: None)
    assert [str(one.path) for one in made.files] == ["/sys/etc/docker/certs.d/registry.test:5000/ca.crt"]
    assert made.notes == ("registry.test:5000: ca_only cannot be told; the system's roots count as well",)


def test_on_macos_docker_desktop_copies_the_certificates_of_the_user(house: Household) -> None:
    host = Host(name="registry.test", trust=Trust(authorities=("PEM\n",)))
    made = docker.plan(Settings(environ={"HOME": "/home/a"}, hosts=(host,)), lambda _: None, platform="darwin")
    assert [str(one.path) for one in made.files] == ["/home/a/.docker/certs.d/registry.test/ca.crt"]
