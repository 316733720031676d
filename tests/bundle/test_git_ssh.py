"""Trees of git repositories over SSH, from Debian's ``openssh-server``."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ocibroker import Broker
from ocibroker.bundle import GitSource, Limits, Terms, read
from ocibroker.errors import (
    ConfigurationError,
    ConnectionFailed,
    CredentialWithheld,
    InvalidTarget,
    NotFound,
    OcibrokerError,
    RegistryRefused,
)
from ocibroker.provider import Anonymous, FetchRequest, PrivateKey, SSHKey
from tests.bundle import ssh_server
from tests.bundle.git_history import cloned, history
from tests.bundle.readings import files_of
from tests.bundle.ssh_server import SSHServer
from tests.e2e.requirement import executable
from tests.free_port import free_port
from tests.kubernetes.mounts import mounted
from tests.kubernetes.mounts import rule as fleet_rule
from tests.transport.brokers import Desk, made_rule
from tests.transport.made_provider import MadeProvider, NoOptions

pytestmark = pytest.mark.e2e

SOON = Terms(limits=Limits(seconds=60))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SSHServer]:
    with ssh_server.serving(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, str]]:
    work, commits = history(tmp_path_factory.mktemp("past") / "app")
    return work.folder, commits


class KeyProvider(MadeProvider):
    """Has a key for SSH."""

    def __init__(self, key: SSHKey) -> None:
        super().__init__(lambda _: Anonymous("no password here"))
        self._key = key

    def ssh_key(self, request: FetchRequest[NoOptions]) -> SSHKey | None:
        return self._key


@dataclass(frozen=True)
class User:
    """Somebody with a home of their own, and what they keep there for SSH."""

    server: SSHServer
    home: Path
    desk: Desk
    runtime: Path
    path: Path

    @property
    def url(self) -> str:
        return self.server.url(self.path)

    def keeps(self, *, key: str = "", known: str = "") -> None:
        ssh = self.home / ".ssh"
        ssh.mkdir(exist_ok=True)
        if known:
            (ssh / "known_hosts").write_text(known)
        if key:
            _copied(self.server.folder / key, ssh / "id_ed25519")

    def broker(
        self, text: str = "", *, key: SSHKey | None = None, environ: Mapping[str, str] | None = None
    ) -> Broker:
        usual = {"PATH": os.environ["PATH"], "HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.runtime)}
        offered: list[Any] = [KeyProvider(key)] if key else []
        return self.desk.broker(text, environ={**usual, **(environ or {})}, offered=offered)

    def key(self, name: str, known: str = "") -> SSHKey:
        text = (self.server.folder / name).read_text()
        return SSHKey(private_key=PrivateKey(text), known_hosts=known.encode())

    def rule(self) -> str:
        return made_rule(f"127.0.0.1:{self.server.port}")


@pytest.fixture
def user(server: SSHServer, past: tuple[Path, Mapping[str, str]], desk: Desk, tmp_path: Path) -> User:
    home, runtime = tmp_path / "user", tmp_path / "run"
    home.mkdir()
    runtime.mkdir()
    return User(server, home, desk, runtime, past[0])


@pytest.fixture
def commits(past: tuple[Path, Mapping[str, str]]) -> Mapping[str, str]:
    return past[1]


def _copied(key: Path, place: Path) -> Path:
    place.write_bytes(key.read_bytes())
    place.chmod(0o600)
    return place


@pytest.mark.parametrize("ref", ["", "feature/side", "v1", "v2", "second"])
def test_what_a_ref_means_is_read(ref: str, user: User, commits: Mapping[str, str], tmp_path: Path) -> None:
    user.keeps(key="user", known=user.server.known_hosts)
    name = {"": "main", "feature/side": "side", "v1": "first", "v2": "second"}.get(ref, ref)
    more = f"?ref={commits.get(ref, ref)}" if ref else ""
    bundle = read(user.broker(), f"git::{user.url}{more}", tmp_path / "out", SOON)
    assert (bundle.resolved, (bundle.root / "README").read_text()) == (commits[name], name)
    assert list(user.runtime.iterdir()) == []


def test_its_files_are_those_of_a_clone(user: User, tmp_path: Path) -> None:
    user.keeps(key="user", known=user.server.known_hosts)
    own = user.home / ".ssh"
    command = f"ssh -F /dev/null -i {own / 'id_ed25519'} -o UserKnownHostsFile={own / 'known_hosts'}"
    files = cloned(user.url, tmp_path / "clone", GIT_SSH_COMMAND=command)
    assert files
    assert files_of(read(user.broker(), f"git::{user.url}", tmp_path / "out", SOON).root) == files


def test_the_way_scp_writes_it_is_read(user: User, tmp_path: Path) -> None:
    """Its port is SSH's own, where nobody is."""
    user.keeps(key="user", known=user.server.known_hosts)
    with pytest.raises(OcibrokerError) as caught:
        read(user.broker(), f"git@127.0.0.1:{user.path}", tmp_path / "out", SOON)
    assert isinstance(caught.value, ConnectionFailed)


def test_a_key_of_the_source_comes_with_the_hosts_beside_it(
    user: User, commits: Mapping[str, str], tmp_path: Path
) -> None:
    beside = tmp_path / "secret"
    beside.mkdir()
    key = _copied(user.server.folder / "user", beside / "ssh-privatekey")
    (beside / "known_hosts").write_text(user.server.known_hosts)
    bundle = read(user.broker(), f"git::{user.url}?sshkey={key}", tmp_path / "out", SOON)
    assert bundle.resolved == commits["main"]


def test_a_key_of_the_rule_comes_first(user: User, commits: Mapping[str, str], tmp_path: Path) -> None:
    user.keeps(key="stranger", known=user.server.named("stranger"))
    stranger = _copied(user.server.folder / "stranger", tmp_path / "stranger")
    broker = user.broker(user.rule(), key=user.key("user", user.server.known_hosts))
    bundle = read(broker, f"git::{user.url}?sshkey={stranger}", tmp_path / "out", SOON)
    assert bundle.resolved == commits["main"]
    assert list(user.runtime.iterdir()) == []


def test_a_secret_of_fleets_works_unchanged(user: User, commits: Mapping[str, str], tmp_path: Path) -> None:
    folder = user.server.folder
    mount = mounted(
        tmp_path / "secret",
        {"ssh-privatekey": (folder / "user").read_bytes(), "known_hosts": user.server.known_hosts},
    )
    broker = user.broker(fleet_rule(f"127.0.0.1:{user.server.port}", f'fleet_secret = "{mount}"'))
    assert read(broker, f"git::{user.url}", tmp_path / "out", SOON).resolved == commits["main"]
    assert list(user.runtime.iterdir()) == []


def test_a_key_of_the_rule_without_hosts_is_for_those_that_the_user_knows(
    user: User, commits: Mapping[str, str], tmp_path: Path
) -> None:
    user.keeps(known=user.server.known_hosts)
    bundle = read(user.broker(user.rule(), key=user.key("user")), f"git::{user.url}", tmp_path / "out", SOON)
    assert bundle.resolved == commits["main"]


def test_a_key_of_another_hosts_rule_is_not_offered(user: User, tmp_path: Path) -> None:
    user.keeps(known=user.server.known_hosts)
    broker = user.broker(made_rule("other.test"), key=user.key("user", user.server.known_hosts))
    with pytest.raises(CredentialWithheld, match="no rule gives one"):
        read(broker, f"git::{user.url}", tmp_path / "out", SOON)


def test_an_agent_of_the_user_is_asked(user: User, commits: Mapping[str, str], tmp_path: Path) -> None:
    user.keeps(known=user.server.known_hosts)
    socket, key = tmp_path / "agent", _copied(user.server.folder / "user", tmp_path / "key")
    agent = [executable("ssh-agent", "apt-get install openssh-client"), "-D", "-a", str(socket)]
    with subprocess.Popen(agent, stdout=subprocess.DEVNULL) as process:
        try:
            environ = {"SSH_AUTH_SOCK": str(socket)}
            while not socket.exists():
                assert process.poll() is None
            subprocess.run(["ssh-add", "-q", str(key)], env={**os.environ, **environ}, check=True)
            bundle = read(user.broker(environ=environ), f"git::{user.url}", tmp_path / "out", SOON)
        finally:
            process.terminate()
    assert bundle.resolved == commits["main"]


@pytest.mark.parametrize(
    ("known", "kind", "why"),
    [
        ("stranger", ConnectionFailed, "shows another host key than the one that is known"),
        ("elsewhere", ConnectionFailed, "shows a host key that is not known"),
        ("", ConfigurationError, "no host key is known"),
    ],
)
def test_nobody_logs_in_to_a_host_whose_key_is_not_known(
    known: str, kind: type[OcibrokerError], why: str, user: User, tmp_path: Path
) -> None:
    lines = {
        "stranger": user.server.named("stranger"),
        "elsewhere": user.server.known_hosts.replace("[127.0.0.1]", "[127.0.0.2]"),
        "": "",
    }
    user.keeps(key="user", known=lines[known])
    before = user.server.log.count("publickey")
    with pytest.raises(kind, match=why):
        read(user.broker(), f"git::{user.url}", tmp_path / "out", SOON)
    assert user.server.log.count("publickey") == before
    assert list((tmp_path / "out").iterdir()) == []


def test_a_key_that_is_refused_is_told_from_one_that_is_not_there(user: User, tmp_path: Path) -> None:
    user.keeps(key="stranger", known=user.server.known_hosts)
    with pytest.raises(RegistryRefused, match="does not accept the credential") as caught:
        read(user.broker(), f"git::{user.url}", tmp_path / "out", SOON)
    assert not isinstance(caught.value, CredentialWithheld)
    (user.home / ".ssh" / "id_ed25519").unlink()
    with pytest.raises(CredentialWithheld, match="asks for a key"):
        read(user.broker(), f"git::{user.url}", tmp_path / "out", SOON)


def test_a_private_file_is_gone_also_where_reading_fails(user: User, tmp_path: Path) -> None:
    broker = user.broker(user.rule(), key=user.key("stranger", user.server.known_hosts))
    with pytest.raises(RegistryRefused):
        read(broker, f"git::{user.url}", tmp_path / "out", SOON)
    assert list(user.runtime.iterdir()) == []


def test_a_key_that_others_can_read_is_not_used(user: User, tmp_path: Path) -> None:
    user.keeps(known=user.server.known_hosts)
    key = _copied(user.server.folder / "user", tmp_path / "key")
    key.chmod(0o644)
    (tmp_path / "known_hosts").write_text(user.server.known_hosts)
    with pytest.raises(OcibrokerError, match="the private key cannot be used"):
        read(user.broker(), f"git::{user.url}?sshkey={key}", tmp_path / "out", SOON)


def test_a_repository_that_is_not_there_is_named(user: User, tmp_path: Path) -> None:
    user.keeps(key="user", known=user.server.known_hosts)
    with pytest.raises(NotFound, match="has no such repository"):
        read(user.broker(), f"git::{user.url}-none", tmp_path / "out", SOON)


def test_a_host_where_nobody_listens_is_named(user: User, tmp_path: Path) -> None:
    user.keeps(key="user", known=user.server.known_hosts)
    with pytest.raises(ConnectionFailed, match="could not be connected to"):
        read(user.broker(), f"ssh://git@127.0.0.1:{free_port()}/app", tmp_path / "out", SOON)


def test_ssh_that_is_not_installed_is_named(user: User, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "git").symlink_to(executable("git", "apt-get install git"))
    with pytest.raises(ConfigurationError, match="ssh: is not installed"):
        read(user.broker(environ={"PATH": str(programs)}), f"git::{user.url}", tmp_path / "out", SOON)


def test_variables_of_the_user_run_nothing(user: User, commits: Mapping[str, str], tmp_path: Path) -> None:
    user.keeps(key="user", known=user.server.known_hosts)
    pwned = tmp_path / "pwned"
    environ = dict.fromkeys(("GIT_SSH_COMMAND", "GIT_SSH", "GIT_PROXY_COMMAND"), f"touch {pwned}; false")
    bundle = read(user.broker(environ=environ), f"git::{user.url}", tmp_path / "out", SOON)
    assert (bundle.resolved, pwned.exists()) == (commits["main"], False)


@pytest.mark.parametrize(
    "url",
    [
        "ssh://-oProxyCommand=touch${IFS}pwned/app",
        "ssh://git@-oProxyCommand=x/app",
        "-oProxyCommand=x@host:app",
        "git@-oProxyCommand=x:app",
        "git@host:-x",
        "ssh://git@host/$(touch pwned)",
        "ssh://git@host/a'b",
        "ssh://git:password@host/app",
        "ext::sh -c touch% pwned",
        "file:///etc",
        "--upload-pack=touch pwned",
    ],
)
def test_an_address_is_never_an_option_or_a_command(url: str, user: User, tmp_path: Path) -> None:
    user.keeps(key="user", known=user.server.known_hosts)
    for source in (f"git::{url}", GitSource(url)):
        with pytest.raises(InvalidTarget) as caught:
            read(user.broker(), source, tmp_path / "out", SOON)
        assert "password@" not in str(caught.value)
