"""However it is installed and called, the helper finds its Python: for the sidecar's answer, and for its own."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import distribution
from pathlib import Path

import pytest

from ocibroker.frontends.front_end import FrontEnd
from ocibroker.frontends.table import FRONT_ENDS
from tests.cli.lean_environment import LeanEnvironment, closure, link
from tests.scripts.helper import FOUND, INSTALLED, NAME, Helper, answering, module
from tests.transport.raw_server import raw_unix

VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
BASE = Path(sys.base_prefix) / "bin"


@dataclass(frozen=True)
class Call:
    """How the helper is called, from where, and with what in its environment."""

    program: Sequence[str | Path]
    cwd: Path
    environ: Mapping[str, str] = field(default_factory=dict)


def venv(folder: Path) -> Path:
    """Install into a virtual environment, and return the program."""
    LeanEnvironment.create(folder)
    return copied(folder / "bin")


def copied(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(INSTALLED, folder / NAME))


def linked(path: Path, to: str | Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(to)
    return path


def by_its_path(home: Path) -> Call:
    return Call([venv(home / "venv")], home)


def by_the_search_path(home: Path) -> Call:
    folder = venv(home / "venv").parent
    return Call(["/usr/bin/env", NAME], home, {"PATH": f"{folder}:/usr/bin:/bin"})


def by_a_relative_path(home: Path) -> Call:
    folder = venv(home / "venv").parent
    return Call([f"./{NAME}"], folder)


def by_a_path_with_blanks(home: Path) -> Call:
    return Call([venv(home / "my own" / "$HOME *")], home)


def by_links_from_elsewhere(home: Path) -> Call:
    hop = linked(home / "hop", venv(home / "venv"))
    return Call([linked(home / "elsewhere" / NAME, Path("..") / hop.name)], home)


def by_a_link_of_another_name_and_no_search_path(home: Path) -> Call:
    return Call([linked(home / "docker-credential-corp", venv(home / "venv"))], home, {"PATH": ""})


def of_pipx(home: Path) -> Call:
    return Call([linked(home / ".local/bin" / NAME, venv(home / ".local/share/pipx/venvs/ocibroker"))], home)


def of_uv(home: Path) -> Call:
    return Call([linked(home / ".local/bin" / NAME, venv(home / ".local/share/uv/tools/ocibroker"))], home)


def of_a_user(home: Path) -> Call:
    """As ``pip install --user`` does it: no environment, and no Python or another one beside the program."""
    site = home / ".local" / "lib" / VERSION / "site-packages"
    for one in closure("ocibroker", frozenset()).values():
        link(one, site)
    program = copied(home / ".local" / "bin")
    program.with_name("ocibroker").write_text(f"#!{BASE / VERSION}\nimport sys\n")
    linked(program.with_name("python3"), "/bin/false")
    return Call([program], home, {"PATH": "/does/not/exist"})


def by_the_name_of_a_file_for_a_shell(home: Path) -> Call:
    return Call(["/bin/sh", NAME], venv(home / "venv").parent)


LAYOUTS: Sequence[Callable[[Path], Call]] = (
    by_its_path,
    by_the_search_path,
    by_a_relative_path,
    by_a_path_with_blanks,
    by_links_from_elsewhere,
    by_a_link_of_another_name_and_no_search_path,
    of_pipx,
    of_uv,
    of_a_user,
    by_the_name_of_a_file_for_a_shell,
)
SHELLS = [found for name in ("sh", "dash", "bash", "busybox", "ksh") if (found := shutil.which(name))]


@pytest.fixture(params=LAYOUTS, ids=lambda layout: layout.__name__)
def installed(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Helper, Path]:
    """The helper in its layout, and where it is called."""
    home = tmp_path / "home"
    home.mkdir()
    call = request.param(home)
    base = Helper.at_home(home)
    return Helper(base.home, call.program, call.environ), call.cwd


def test_it_passes_on_what_the_sidecar_answers(installed: tuple[Helper, Path]) -> None:
    helper, cwd = installed
    with raw_unix(answering(), helper.home / "s"):
        done = helper.run("get", cwd=cwd, OCIBROKER_SOCKET=str(helper.home / "s"))
    assert (done.stdout, done.stderr, done.returncode) == (FOUND, b"", 0)


def test_it_answers_without_one(installed: tuple[Helper, Path]) -> None:
    helper, cwd = installed
    done = helper.run("get", cwd=cwd)
    assert (b"from-the-process" in done.stdout, done.stderr, done.returncode) == (True, b"", 0)


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_starts_it(shell: str, helper: Helper, place: Path) -> None:
    applet = ["sh"] if shell.endswith("busybox") else []
    called = Helper(helper.home, [shell, *applet, INSTALLED])
    with raw_unix(answering(), place):
        done = called.run("get")
    assert (done.stdout, done.stderr, done.returncode) == (FOUND, b"", 0)


@pytest.mark.parametrize("shebang", ["", "#!/bin/sh\n", "#!/usr/bin/env -S python -I\n"])
def test_alone_it_asks_with_any_python(shebang: str, helper: Helper, place: Path) -> None:
    alone = copied(helper.home / "alone")
    alone.with_name("ocibroker").write_text(shebang)
    with raw_unix(answering(), place):
        done = Helper(helper.home, [alone], {"PATH": f"{BASE}:/usr/bin:/bin"}).run("get")
    assert (done.stdout, done.stderr, done.returncode) == (FOUND, b"", 0)


@pytest.mark.parametrize(
    ("name", "protocol"),
    [
        (NAME, "docker"),
        ("docker-credential-corp", "docker"),
        ("git-credential-ocibroker", "git"),
        ("bazel-credential-ocibroker", "bazel"),
        ("ocibroker-credential-provider", "kubelet"),
    ],
)
def test_the_name_says_the_protocol(name: str, protocol: str, helper: Helper, place: Path) -> None:
    with raw_unix(answering(), place) as server:
        Helper(helper.home, [linked(helper.home / "names" / name, INSTALLED)]).run("get")
    assert server.received.startswith(b"POST /v1/helpers/%s/get " % protocol.encode())


@pytest.mark.parametrize("front", FRONT_ENDS.values(), ids=FRONT_ENDS)
def test_it_is_installed_as_it_is_under_the_name_of_each_front_end(front: FrontEnd) -> None:
    files = distribution("ocibroker").files or ()
    (installed,) = (Path(str(file.locate())) for file in files if file.name == front.executable)
    assert installed.resolve() == INSTALLED.with_name(front.executable).resolve()
    assert os.access(installed, os.X_OK)
    assert installed.read_bytes() == INSTALLED.read_bytes()
    assert INSTALLED.read_bytes().startswith(b"#!/bin/sh\n")


def test_it_knows_the_front_ends_as_their_table_does() -> None:
    program = module()
    assert {front.executable: name for name, front in FRONT_ENDS.items()} == program.PROTOCOLS
    assert set(program.NAMING) == {name for name, front in FRONT_ENDS.items() if front.named}
    defaults = {name: (front.default,) for name, front in FRONT_ENDS.items() if front.default}
    assert defaults == program.WITHOUT_A_VERB


def test_the_kubelet_asks_without_a_verb(helper: Helper, place: Path) -> None:
    program = INSTALLED.with_name("ocibroker-credential-provider")
    with raw_unix(answering(), place) as server:
        Helper(helper.home, [program]).run()
    assert server.received.startswith(b"POST /v1/helpers/kubelet/get ")


def test_an_account_in_the_name_is_answered_without_the_sidecar(helper: Helper, place: Path) -> None:
    link = linked(helper.home / f"{NAME}-ci", INSTALLED)
    with (helper.home / "config.toml").open("a") as config:
        config.write(
            '[[registry]]\nmatch = "registry.test"\nprovider = "basic"\naccount = "ci"\n'
            'options = { username = "robot", password = "of-the-account" }\n'
        )
    with raw_unix(answering(), place) as server:
        done = Helper(helper.home, [link]).run("get")
        assert server.connections == 0
    assert json.loads(done.stdout)["Secret"] == "of-the-account"
