"""A process that nobody looks into, and that passes on no secret."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ocibroker import Basic, Secret
from ocibroker.provider import FetchRequest, SecretRef
from ocibroker.sidecar.variables import secret_variables
from tests.sidecar.stand import HOST, NAME, Stand, prefetching
from tests.transport.brokers import made_rule
from tests.transport.made_provider import NoOptions

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")

CANARY = "c4n4ry-of-the-environment"
REFERENCE = SecretRef(env="REGISTRY_PASSWORD")
CONFINED = """
import ctypes, json, resource
from ocibroker.sidecar.confinement import confine

confine()
print(json.dumps([resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)]))
"""
LOOKED_AT = """
import ctypes, json, os, resource
from ocibroker.sidecar.confinement import confine

def seen_from_outside():
    looker = os.fork()
    if not looker:
        try:
            os.open(f"/proc/{os.getppid()}/environ", os.O_RDONLY)
        except PermissionError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(looker, 0)[1]) == 0

if os.geteuid() == 0:  # root sees everything
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
before = seen_from_outside()
confine()
print(json.dumps([before, seen_from_outside()]))
"""


def run(program: str) -> object:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_there_is_no_core() -> None:
    assert run(CONFINED) == [[0, 0], 0]


def test_not_even_a_process_of_the_same_user_looks_inside() -> None:
    assert run(LOOKED_AT) == [True, False]


class TestVariables:
    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("", set()),
            ('password = { env = "REGISTRY_PASSWORD" }', {"REGISTRY_PASSWORD"}),
            ('[[registry]]\noptions = { a = { env = "A" } }\n[[tls]]\nb = { env = "B" }', {"A", "B"}),
            ('list = [{ env = "A" }, [{ env = "B" }]]', {"A", "B"}),
            ('username = { env = "USER" }\npath = { env = "PATH" }', set()),
            ('no = { env = "A", file = "b" }\nneither = { env = 7 }', set()),
            ("[[garbage", set()),
        ],
    )
    def test_those_that_the_configuration_names(self, tmp_path: Path, text: str, names: set[str]) -> None:
        path = tmp_path / "config.toml"
        path.write_text(text)
        assert secret_variables(path, {}) == names

    @pytest.mark.parametrize("content", [None, b"\xff\xfe", b"a = " + b"[" * 10_000])
    def test_a_file_that_is_none_names_nothing(self, tmp_path: Path, content: bytes | None) -> None:
        path = tmp_path / "config.toml"
        if content is not None:
            path.write_bytes(content)
        assert secret_variables(path, {}) == frozenset()

    def test_it_is_found_where_the_configuration_is(self, tmp_path: Path) -> None:
        path = tmp_path / "config.toml"
        path.write_text('password = { env = "A" }')
        assert secret_variables(None, {"OCIBROKER_CONFIG": str(path)}) == {"A"}


def test_a_secret_of_the_environment_serves_and_nobody_else_sees_it(stand: Stand) -> None:
    seen: list[dict[str, str]] = []

    def look(request: FetchRequest[NoOptions]) -> Basic:
        dump = [sys.executable, "-c", "import json, os; print(json.dumps({**os.environ}))"]
        seen.append(dict(request.environ))
        seen.extend(json.loads(request.run(dump, inherit=inherit).stdout) for inherit in (False, True))
        return Basic(username="x", secret=request.secret(REFERENCE))

    rules = (
        made_rule(HOST) + f'[[registry]]\nmatch = "basic.{HOST}"\nprovider = "basic"\n'
        'options = { username = "alice", password = { env = "REGISTRY_PASSWORD" } }\n'
    )
    stand.write(prefetching(NAME, rules=rules))
    stand.environ = {"REGISTRY_PASSWORD": CANARY, "OTHER": "seen"}
    stand.process = {"REGISTRY_PASSWORD": CANARY, "OTHER": "seen"}
    stand.instead = look
    with stand.building(1).broker as broker:
        assert broker.access(NAME).credential == Basic(username="x", secret=Secret(CANARY))
        found = broker.access(f"basic.{HOST}/app").credential
    assert isinstance(found, Basic)
    assert found.secret.reveal() == CANARY
    assert stand.process == {"OTHER": "seen"}
    assert [CANARY in repr(environ) for environ in seen] == [False, False, False]
    assert ["OTHER" in environ for environ in seen] == [True, False, True]


def test_it_stays_a_secret_where_a_new_configuration_names_it_no_more(stand: Stand) -> None:
    seen: list[bool] = []

    def look(request: FetchRequest[NoOptions]) -> Basic:
        seen.append("REGISTRY_PASSWORD" in request.environ)
        return Basic(username="x", secret=Secret("y"))

    named = '[[registry]]\nmatch = "b.test"\nprovider = "basic"\noptions = { username = "a", password = { %s } }\n'
    stand.environ, stand.instead = {"REGISTRY_PASSWORD": CANARY}, look
    building = stand.building
    for place in ('env = "REGISTRY_PASSWORD"', 'file = "/run/secrets/b"'):
        stand.write(prefetching(NAME, rules=made_rule(HOST) + named % place))
        with building(1).broker as broker:
            broker.access(NAME)
    assert seen == [False, False]
