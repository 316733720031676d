"""The helper answers in its own process where there is no sidecar to ask, and only there."""

import json
import os
from pathlib import Path

import pytest

from ocibroker.sidecar_probe import Answering, who_answers
from tests.scripts.conftest import STRANGER
from tests.scripts.helper import NAME, Done, Helper, answering
from tests.transport.raw_server import raw_unix


def answered_itself(done: Done) -> bool:
    return done.returncode == 0 and json.loads(done.stdout)["Secret"] == "from-the-process"


def reason(helper: Helper) -> str:
    """Return why the helper has not asked. It says so only if that is wanted; `ocibroker explain` says the same."""
    silent, told = helper.run("get"), helper.run("get", OCIBROKER_VERBOSE="1")
    assert (answered_itself(silent), silent.stderr) == (True, b"")
    lead, _, why = told.stderr.decode().partition(": answered without a sidecar: ")
    assert (answered_itself(told), lead) == (True, NAME)
    assert who_answers(helper.surroundings) == Answering(None, why.rstrip("\n"))
    return why.rstrip("\n")


def test_where_there_is_no_socket(helper: Helper) -> None:
    assert reason(helper) == "no socket at /run/ocibroker/broker.sock"


def test_where_nobody_listens(helper: Helper, deserted: Path) -> None:
    assert reason(helper) == f"{deserted}: Connection refused"


def test_where_too_many_wait(helper: Helper, busy: Path) -> None:
    assert reason(helper) == f"{busy}: Resource temporarily unavailable"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to let another user listen")
def test_where_another_user_listens(helper: Helper, strange: Path) -> None:
    assert reason(helper) == f"{strange} belongs to uid {STRANGER}"


def test_where_no_socket_can_be(helper: Helper) -> None:
    path = helper.home / ("long" * 30)
    done = helper.run("get", OCIBROKER_SOCKET=str(path))
    assert answered_itself(done)
    assert done.stderr.decode() == f"{NAME}: answered without a sidecar: {path}: AF_UNIX path too long\n"


def test_a_sidecar_that_was_asked_for_is_missed_aloud(helper: Helper) -> None:
    done = helper.run("get", OCIBROKER_SOCKET="/does/not/exist")
    assert answered_itself(done)
    assert done.stderr.decode() == f"{NAME}: answered without a sidecar: no socket at /does/not/exist\n"


def test_what_was_read_of_standard_input_is_not_lost(helper: Helper) -> None:
    question = json.dumps({"ServerURL": "registry.test", "Username": "alice", "Secret": "a" * 60_000})
    done = helper.run("store", stdin=question.encode())
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"nothing is stored for registry.test: provider basic answers here" in done.stderr


class TestBesideASidecar:
    def test_off_keeps_the_caller_in_its_own_process(self, helper: Helper, place: Path) -> None:
        with raw_unix(answering(), place) as server:
            assert answered_itself(helper.run("get", OCIBROKER_SOCKET="off"))
            assert server.connections == 0

    def test_a_helper_that_ocibroker_runs_misses(self, helper: Helper, place: Path) -> None:
        with raw_unix(answering(), place) as server:
            done = helper.run("get", OCIBROKER_NESTED="1")
            assert server.connections == 0
        assert (done.stdout, done.returncode) == (b"credentials not found in native keychain\n", 1)

    @pytest.mark.parametrize(
        ("argv", "line", "code"),
        [
            (("version",), f"{NAME} (ocibroker) ", 0),
            (("--help",), f"Usage: {NAME} ", 0),
            ((), f"Usage: {NAME} ", 1),
            (("get", "get"), f"Usage: {NAME} ", 1),
            (("grab",), f"{NAME}: unknown action: grab", 1),
            (("get HTTP/1.0\r\nX: y",), f"{NAME}: unknown action: get HTTP", 1),
        ],
    )
    def test_what_is_no_question_is_not_asked(
        self, argv: tuple[str, ...], line: str, code: int, helper: Helper, place: Path
    ) -> None:
        with raw_unix(answering(), place) as server:
            done = helper.run(*argv)
            assert server.connections == 0
        assert (done.stdout.decode().startswith(line), done.returncode) == (True, code)

    def test_no_secret_is_in_the_arguments_or_the_environment(self, helper: Helper) -> None:
        spy = helper.home / "lib" / "ocibroker" / "frontends"
        spy.mkdir(parents=True)
        for package in (spy, spy.parent):
            (package / "__init__.py").touch()
        (spy / "docker.py").write_text("import os, sys\ndef main(): print(sys.orig_argv, os.environ)")
        done = helper.run("store", stdin=b"canary", PYTHONPATH=str(helper.home / "lib"))
        assert b"OCIBROKER_CONFIG" in done.stdout
        assert b"canary" not in done.stdout


def test_an_absent_library_is_an_error_by_the_protocol(helper: Helper) -> None:
    alone = helper.home / NAME
    alone.write_bytes(Path(helper.program[0]).read_bytes())
    alone.chmod(0o755)
    done = Helper(helper.home, ["/bin/sh", alone]).run("get", PYTHONNOUSERSITE="1")
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.startswith(b"ocibroker: No module named 'ocibroker' in /")
