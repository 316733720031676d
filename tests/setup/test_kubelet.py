"""The kubelet gets a file of our own."""

from __future__ import annotations

from pathlib import Path

from ocibroker.setup import kubelet
from ocibroker.setup.settings import Host, Settings
from tests.setup.household import Household

EXPECTED = """\
# Written by `ocibroker setup kubelet`.
apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
  - name: ocibroker-credential-provider
    apiVersion: credentialprovider.kubelet.k8s.io/v1
    defaultCacheDuration: 0s
    matchImages:
      - "registry.test:5000"
      - "part.test/team"
      - "*.dkr.ecr.*.example.com"
    env:
      - name: HOME
        value: "/root"
      - name: OCIBROKER_CONFIG
        value: "/etc/ocibroker/config.toml"
"""
HOSTS = (Host(name="registry.test:5000", asks=True, paths=("x",)), Host(name="part.test", paths=("team",)))


def test_the_file_names_what_the_rules_match_where_they_are_and_where_tokens_are_remembered() -> None:
    settings = Settings(
        environ={"HOME": "/root"},
        hosts=HOSTS,
        globs=("*.dkr.ecr.*.example.com",),
        config=Path("/etc/ocibroker/config.toml"),
    )
    (file,) = kubelet.plan(settings, lambda _: None).files
    assert (str(file.path), file.content.decode()) == (
        "/etc/kubernetes/ocibroker-credential-provider.yaml",
        EXPECTED,
    )


def test_a_home_that_nobody_names_is_not_made_up() -> None:
    (file,) = kubelet.plan(Settings(environ={}, hosts=HOSTS), lambda _: None).files
    assert b"env" not in file.content


def test_it_is_set_up_and_taken_back(house: Household) -> None:
    house.configure("registry.test")
    file, before = house.desk.home / "provider.yaml", house.tree
    said = house.apply("kubelet", "--file", str(file)).stderr
    assert f"--image-credential-provider-config={file}" in said
    assert str(house.desk.config) in file.read_text()
    assert house.setup("kubelet", "--file", str(file)).code == 0
    house.configure("other.test")
    assert house.apply("kubelet", "--file", str(file)).stdout == f"changed {file}\n"
    house.undo("kubelet")
    assert house.tree == before


def test_somebody_else_s_file_is_not_overwritten(house: Household) -> None:
    house.configure("registry.test")
    theirs = house.desk.write("provider.yaml", "kind: CredentialProviderConfig\n")
    outcome = house.setup("kubelet", "--file", str(theirs), "--apply")
    assert (outcome.code, "is somebody else's" in outcome.stderr) == (2, True)
    assert theirs.read_text() == "kind: CredentialProviderConfig\n"


def test_without_rules_there_is_nothing_to_tell(house: Household) -> None:
    house.configure()
    assert (house.setup("kubelet").code, house.setup("kubelet").stdout) == (0, "")
