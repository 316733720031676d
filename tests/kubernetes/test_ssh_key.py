"""The key for SSH that a secret holds, for who clones by git."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocibroker import Anonymous
from ocibroker.errors import ConfigurationError, ContractViolation, InvalidValue
from ocibroker.provider import PrivateKey, SSHKey
from tests.kubernetes.cluster import Cluster, encoded
from tests.kubernetes.mounts import entry, for_paths, mounted, rule
from tests.transport.brokers import Desk, made_rule
from tests.transport.made_provider import giving

LINES = "-----BEGIN OPENSSH PRIVATE KEY-----\nc4n4ry\n-----END OPENSSH PRIVATE KEY-----\n"
HOSTS = "git.test ssh-ed25519 AAAA\n"
GIT = "git.test/team/app"


def found(desk: Desk, options: str, **environ: str) -> SSHKey | None:
    return desk.broker(rule("git.test", options), environ=environ).ssh_key(GIT)


def test_it_comes_from_a_mounted_secret(desk: Desk, tmp_path: Path) -> None:
    folder = mounted(tmp_path / "ssh", {"ssh-privatekey": LINES.replace("\n", "\r\n"), "known_hosts": HOSTS})
    key = found(desk, f'fleet_secret = "{folder}"')
    assert key == SSHKey(private_key=PrivateKey(LINES), known_hosts=HOSTS.encode())
    assert "c4n4ry" not in repr(key)


def test_it_comes_from_an_entry_for_a_path(desk: Desk, tmp_path: Path) -> None:
    text = for_paths({"apps/*": entry(sshPrivateKey=encoded(LINES), sshKnownHosts=encoded(HOSTS))})
    folder = mounted(tmp_path / "paths", {"secrets-path.yaml": text})
    key = found(desk, f'fleet_secret = "{folder}", path = "apps/one"')
    assert key == SSHKey(private_key=PrivateKey(LINES), known_hosts=HOSTS.encode())


def test_it_comes_from_the_api_server(desk: Desk, cluster: Cluster) -> None:
    cluster.secret("apps/git", {"ssh-privatekey": LINES}, "kubernetes.io/ssh-auth")
    options = f'secret = "apps/git", credentials = "{cluster.folder / "serviceaccount"}"'
    key = found(desk, options, **cluster.environ)
    assert key == SSHKey(private_key=PrivateKey(LINES))


def test_a_secret_without_one_and_a_provider_that_has_none_give_none(desk: Desk, tmp_path: Path) -> None:
    assert found(desk, f'fleet_secret = "{mounted(tmp_path / "empty", {})}"') is None
    broker = desk.broker(made_rule("git.test"), offered=[giving(Anonymous("nobody"))])
    assert broker.ssh_key(GIT) is None


def test_what_is_no_key_is_an_error_that_names_the_file(desk: Desk, tmp_path: Path) -> None:
    folder = mounted(tmp_path / "ssh", {"ssh-privatekey": "c4n4ry"})
    with pytest.raises(ConfigurationError, match="is no private key") as caught:
        found(desk, f'fleet_secret = "{folder}"')
    assert caught.value.culprit == f"file {folder / 'ssh-privatekey'}"
    assert "c4n4ry" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "a\tb", "-----BEGIN PUBLIC KEY-----\n", "x\n" + LINES])
def test_a_malformed_key_is_refused_at_birth(text: str) -> None:
    with pytest.raises(InvalidValue):
        SSHKey(private_key=PrivateKey(text))


class Odd:
    name = "made"
    options = giving(Anonymous("nobody")).options

    def __init__(self, said: object) -> None:
        self.said = said

    def claim(self, target: object) -> None: ...

    def identity(self, request: object) -> object:
        return giving(Anonymous("nobody")).identity(request)  # type: ignore[arg-type]

    def fetch(self, request: object) -> Anonymous:
        return Anonymous("nobody")

    def ssh_key(self, request: object) -> object:
        if isinstance(self.said, BaseException):
            raise self.said
        return self.said

    def trust(self, request: object) -> object:
        return self.ssh_key(request)


@pytest.mark.parametrize("said", ["text", SystemExit(3), ValueError("c4n4ry"), GeneratorExit()], ids=repr)
def test_whatever_a_provider_says_of_key_or_trust_the_error_is_typed(said: object, desk: Desk) -> None:
    broker = desk.broker(made_rule("git.test"), offered=[Odd(said)])  # type: ignore[list-item]
    for ask in (lambda: broker.ssh_key(GIT), lambda: broker.access(GIT)):
        with pytest.raises(ContractViolation) as caught:
            ask()
        assert caught.value.culprit == "provider made"
        assert "c4n4ry" not in str(caught.value)
