"""Helm is told of hosts in a file, and of authorities by a bundle for its environment."""

from __future__ import annotations

import json
import re
import ssl
import sys
from pathlib import Path

import pytest

from ocibroker.setup import helm
from ocibroker.setup.settings import Host, Settings, Trust
from tests.setup.household import Household

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere Helm reads the system's own store")


def bundle(house: Household) -> Path:
    return house.desk.home / "config" / "helm" / "registry" / "ocibroker-ca.pem"


@pytest.fixture
def system(house: Household) -> Path:
    """What stands for the system's roots."""
    other = Household(house.desk).root.cert_pem.bytes().decode()
    return house.desk.write("system.pem", f"# a comment\n{other}")


def certificates(path: Path) -> list[str]:
    return re.findall("-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----", path.read_text())


def test_it_asks_for_the_hosts_and_the_environment_line_is_said(house: Household, system: Path) -> None:
    house.configure("registry.test:5000", tls="registry.test:5000")
    outcome = house.apply("helm", SSL_CERT_FILE=str(system))
    document = json.loads(bundle(house).with_name("config.json").read_text())
    assert document == {"credHelpers": {"registry.test:5000": "ocibroker"}}
    assert f"export SSL_CERT_FILE={bundle(house)}\n" in outcome.stderr
    assert certificates(bundle(house)) == [*certificates(house.ca), *certificates(system)]
    ssl.create_default_context(cafile=str(bundle(house)))


def test_the_bundle_does_not_grow_once_the_environment_names_it(house: Household) -> None:
    house.configure("registry.test", tls="registry.test")
    house.apply("helm")
    once = bundle(house).read_bytes()
    outcome = house.setup("helm", SSL_CERT_FILE=str(bundle(house)))
    assert (outcome.code, outcome.stdout, "export" in outcome.stderr) == (0, "", False)
    assert bundle(house).read_bytes() == once


def test_roots_of_the_system_that_change_are_a_difference(house: Household, system: Path) -> None:
    house.configure("registry.test", tls="registry.test")
    house.apply("helm", SSL_CERT_FILE=str(system))
    assert house.setup("helm", SSL_CERT_FILE=str(system)).code == 0
    system.write_bytes(Household(house.desk).root.cert_pem.bytes())
    assert house.setup("helm", SSL_CERT_FILE=str(system)).code == 7


def test_without_an_authority_there_is_no_bundle(house: Household) -> None:
    house.configure("registry.test")
    assert "SSL_CERT_FILE" not in house.apply("helm").stderr
    assert not bundle(house).exists()


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({"HELM_CONFIG_HOME": "{home}/helm"}, "helm/registry/config.json"),
        ({"HELM_REGISTRY_CONFIG": "{home}/logins.json"}, "logins.json"),
    ],
)
def test_the_place_is_helm_s_own(house: Household, environ: dict[str, str], place: str) -> None:
    house.configure("registry.test")
    house.apply("helm", **{name: value.format(home=house.desk.home) for name, value in environ.items()})
    assert (house.desk.home / place).exists()


def test_what_it_cannot_be_told_is_said(house: Household) -> None:
    entry = f'[[tls]]\nmatch = "registry.test"\nca = ["{house.ca}"]\nca_only = true\n{house.mine}'
    house.configure("registry.test", more=entry)
    said = house.apply("helm").stderr
    assert "registry.test: Helm can be told a client certificate by --cert-file and --key-file only" in said
    assert "registry.test: ca_only cannot be told" in said
    assert house.setup("helm", "--system").code == 2


def test_on_macos_the_system_s_own_store_is_named() -> None:
    host = Host(name="registry.test", trust=Trust(authorities=("PEM\n",)))
    made = helm.plan(Settings(environ={"HOME": "/home/a"}, hosts=(host,)), lambda _: None, platform="darwin")
    assert made.files == ()
    assert made.notes == (
        "Helm reads authorities of the system's own store only: add them there, or use --ca-file",
    )
