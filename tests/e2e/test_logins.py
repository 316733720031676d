"""After a login with another tool nothing needs configuring, and two helpers never ask each other without end."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

from ocibroker import Basic, Broker
from tests.e2e import clients, docker_registry
from tests.e2e.clients import Completed
from tests.e2e.requirement import loopback
from tests.e2e.stocked_registry import StockedRegistry
from tests.e2e.workstation import Workstation

pytestmark = pytest.mark.e2e

_NAMED = ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE")


@dataclass(frozen=True)
class Desk:
    """A machine on which each tool keeps its logins in its default place."""

    workstation: Workstation

    @property
    def home(self) -> Path:
        return self.workstation.home

    @property
    def environ(self) -> dict[str, str]:
        return {name: value for name, value in self.workstation.environ.items() if name not in _NAMED}

    def run(self, *argv: str, stdin: str = "") -> Completed:
        return subprocess.run(
            [clients.find(argv[0]) if argv[0] != sys.executable else argv[0], *argv[1:]],
            env=self.environ,
            cwd=self.home,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def ocibroker(self, *argv: str) -> Completed:
        return self.run(sys.executable, "-m", "ocibroker", *argv)


@dataclass(frozen=True)
class Login:
    """How a tool logs in, and where that ends up; ``before`` is what was there already."""

    options: Callable[[StockedRegistry], list[str]]
    file: str
    before: str = ""


LOGINS = {
    "podman": Login(
        lambda at: ["podman", "login", f"--cert-dir={at.authority.cert_dir}"], "run/containers/auth.json"
    ),
    "skopeo": Login(
        lambda at: ["skopeo", "login", f"--cert-dir={at.authority.cert_dir}"], "run/containers/auth.json"
    ),
    "helm": Login(
        lambda at: ["helm", "registry", "login", f"--ca-file={at.authority.bundle}"],
        ".config/helm/registry/config.json",
        # Into an empty file ORAS, which Helm stands on, logs nobody in where `pass` is installed, but into that.
        before='{"auths": {"elsewhere.test": {}}}',
    ),
    "in-dockers-file": Login(
        lambda at: [
            "skopeo",
            "login",
            "--authfile=.docker/config.json",
            f"--cert-dir={at.authority.cert_dir}",
        ],
        ".docker/config.json",
    ),
}


@pytest.fixture
def desk(registry_htpasswd: StockedRegistry, tmp_path: Path) -> Desk:
    trust = {"SSL_CERT_FILE": str(registry_htpasswd.authority.bundle)}
    (tmp_path / "run").mkdir(mode=0o700)  # skopeo expects it, as systemd makes it
    return Desk(Workstation.create(tmp_path, settings=trust, helpers={}))


@pytest.mark.parametrize("login", LOGINS.values(), ids=LOGINS.keys())
def test_a_login_of_another_tool_is_found(login: Login, registry_htpasswd: StockedRegistry, desk: Desk) -> None:
    loopback(docker_registry.NAMES[0])
    registry, account = registry_htpasswd, registry_htpasswd.account
    target = f"{registry.address}/{registry.chart.repository}"
    assert desk.ocibroker("get", target).returncode == 3

    if login.before:
        (desk.home / login.file).parent.mkdir(parents=True)
        (desk.home / login.file).write_text(login.before)
    options = ["--username", account.username, "--password-stdin", registry.address]
    done = desk.run(*login.options(registry), *options, stdin=account.password)
    assert (done.returncode, done.stderr) == (0, done.stderr)
    assert registry.address in (desk.home / login.file).read_text()

    got = desk.ocibroker("get", target, "--output", "json")
    told = json.loads(got.stdout)
    assert (told["provider"], told["username"], told["secret"]) == (
        "docker-config",
        account.username,
        account.password,
    )
    with Broker.from_config(environ=desk.environ) as broker:
        access = broker.access(target)
        assert isinstance(access.credential, Basic)
        with access.client() as http:
            assert http.get(f"/v2/{registry.chart.repository}/tags/list").status_code == 200


_COUNTING = '#!/bin/sh\necho run >> "$HOME/runs"\nexec "{real}" "$@"\n'


class TestLoops:
    """Ourselves as the store; every run of us, and of the program between, is counted."""

    RUNS = MappingProxyType({"by-name": 1, "through-a-link": 1, "by-a-program-between": 3})

    @pytest.fixture(params=RUNS)
    def way(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def asked(self, way: str, tmp_path: Path) -> Desk:
        ours, other = (tmp_path / "bin" / f"docker-credential-{name}" for name in ("ocibroker", "other"))
        ours.parent.mkdir(mode=0o755)
        _install(ours, clients.find(ours.name))
        if way == "through-a-link":
            other.symlink_to(ours)
        elif way == "by-a-program-between":
            _install(other, str(ours))
        path = {"PATH": f"{ours.parent}:/usr/bin:/bin"}
        desk = Desk(Workstation.create(tmp_path / "home", settings=path, helpers={}))
        store = "ocibroker" if way == "by-name" else "other"
        auths = {"known.test": {"auth": "YWxpY2U6d29uZGVy"}}
        (desk.home / ".docker" / "config.json").write_text(json.dumps({"credsStore": store, "auths": auths}))
        return desk

    def get(self, desk: Desk, server: str) -> tuple[Completed, int]:
        """Return what Docker would get, and how many programs ran for it."""
        done = subprocess.run(
            [str(desk.home.parent / "bin" / "docker-credential-ocibroker"), "get"],
            env=desk.environ,
            input=server,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return done, (desk.home / "runs").read_text().count("run")

    def test_the_login_in_the_file_is_found(self, asked: Desk, way: str) -> None:
        done, runs = self.get(asked, "known.test")
        assert (json.loads(done.stdout)["Secret"], runs) == ("wonder", self.RUNS[way])

    def test_what_nobody_has_is_a_miss(self, asked: Desk, way: str) -> None:
        done, runs = self.get(asked, "unknown.test")
        assert (done.returncode, done.stdout) == (1, "credentials not found in native keychain\n")
        assert runs == self.RUNS[way]


def _install(path: Path, real: str) -> None:
    path.write_text(_COUNTING.format(real=real))
    path.chmod(0o755)
