"""The docker credential helper, byte for byte, and with arbitrary bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ocibroker import Broker
from ocibroker.errors import InvalidTarget
from ocibroker.frontends.answer import Answer
from ocibroker.frontends.docker import DOCKER
from ocibroker.frontends.executable import run as run_executable
from ocibroker.helper_protocol import NAME
from ocibroker.target import Target
from tests.frontends.neighbours import CONFIGURATION, OWNERS

MISS = b"credentials not found in native keychain\n"


def found(server: str, username: str, secret: str) -> Answer:
    line = f'{{"ServerURL":"{server}","Username":"{username}","Secret":"{secret}"}}\n'
    return Answer(line.encode())


HITS = {
    "charts.example.com": ("alice", "s3cret/é"),
    "charts.example.com\n": ("alice", "s3cret/é"),
    "charts.example.com:443": ("alice", "s3cret/é"),
    "CHARTS.example.com": ("alice", "s3cret/é"),
    "https://charts.example.com": ("alice", "s3cret/é"),
    "https://charts.example.com/": ("alice", "s3cret/é"),
    "https://charts.example.com/v2/": ("alice", "s3cret/é"),
    "oci://charts.example.com": ("alice", "s3cret/é"),
    "charts.example.com/team-a/app": ("alice", "s3cret/é"),
    "charts.example.com/team-bb": ("alice", "s3cret/é"),
    "charts.example.com/team-b": ("bob", "team b's"),
    "charts.example.com/team-b/app": ("bob", "team b's"),
    "https://charts.example.com/team-b/app": ("bob", "team b's"),
    "docker.io": ("hub", "hub-pw"),
    "index.docker.io": ("hub", "hub-pw"),
    "registry-1.docker.io": ("hub", "hub-pw"),
    "https://index.docker.io/v1/": ("hub", "hub-pw"),
    "https://index.docker.io/v1": ("hub", "hub-pw"),
    "a.glob.example.com": ("glob", "glob-pw"),
    "identity.token.example": ("<token>", "token-value"),
}


@pytest.mark.acceptance(22, 38)
@pytest.mark.parametrize("server", HITS)
def test_get_prints_the_one_object_and_nothing_else(server: str, broker: Broker) -> None:
    username, secret = HITS[server]
    assert DOCKER.answer("get", server.encode(), broker) == found(server.removesuffix("\n"), username, secret)


MISSES = ["unknown.example.com", "https://unknown.example.com/v2/", "public.example.com", "a.b.glob.example.com"]


@pytest.mark.acceptance(38)
@pytest.mark.parametrize("server", MISSES)
def test_a_miss_is_the_exact_line_with_the_reason_on_standard_error(server: str, broker: Broker) -> None:
    answer = DOCKER.answer("get", server.encode(), broker)
    assert (answer.stdout, answer.status) == (MISS, 1)
    assert "example.com" in answer.diagnostics


@dataclass(frozen=True)
class Failure:
    verb: str
    stdin: bytes
    stdout: bytes


FAILURES = {
    "get nothing": Failure("get", b"", b"no credentials server URL\n"),
    "get an empty line": Failure("get", b"\n", b"no credentials server URL\n"),
    "erase nothing": Failure("erase", b"", b"no credentials server URL\n"),
    "store no server": Failure("store", b'{"Username":"u","Secret":"s"}', b"no credentials server URL\n"),
    "store no user": Failure("store", b'{"ServerURL":"h.example","Secret":"s"}', b"no credentials username\n"),
    "store garbage": Failure(
        "store", b"\xff{", b"ocibroker: standard input is not the JSON object of the protocol\n"
    ),
    "unknown verb": Failure("grab", b"", b"docker-credential-ocibroker: unknown action: grab\n"),
    "unreadable password": Failure(
        "get",
        b"broken.example.com",
        b"ocibroker: file /does/not/exist: cannot be read: No such file or directory\n",
    ),
    "provider failed": Failure("get", b"failing.token.example", b"ocibroker: provider tokens: the cloud said no\n"),
    "bearer token": Failure(
        "get",
        b"bearer.token.example",
        b"ocibroker: bearer.token.example: Docker's protocol cannot carry a bearer token\n",
    ),
    "plain HTTP": Failure(
        "get", b"http://charts.example.com", b"ocibroker: http://charts.example.com: plain HTTP is not allowed\n"
    ),
    "query": Failure(
        "get", b"https://evil.test/?u=docker.io", b"ocibroker: server name: carries a query or a fragment\n"
    ),
    "password in the URL": Failure(
        "get",
        b"https://u:hunter2@charts.example.com",
        "ocibroker: '…@charts.example.com': carries a user name or password\n".encode(),
    ),
}


@pytest.mark.acceptance(38)
@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
def test_a_failure_is_one_clear_line_that_is_no_miss(failure: Failure, broker: Broker) -> None:
    answer = DOCKER.answer(failure.verb, failure.stdin, broker)
    assert (answer.stdout, answer.status) == (failure.stdout, 1)


@pytest.mark.acceptance(38)
@pytest.mark.parametrize(
    ("verb", "stdin"),
    [
        ("store", b'{"ServerURL":"charts.example.com","Username":"mallory","Secret":"typed-in"}'),
        ("erase", b"charts.example.com\n"),
    ],
)
def test_store_and_erase_succeed_and_say_what_answers_instead(verb: str, stdin: bytes, broker: Broker) -> None:
    answer = DOCKER.answer(verb, stdin, broker)
    assert (answer.stdout, answer.status) == (b"", 0)
    expected = "nothing is stored for charts.example.com: provider basic answers here (rule charts.example.com)"
    assert answer.diagnostics == expected


def test_what_is_stored_changes_nothing(broker: Broker) -> None:
    DOCKER.answer("store", b'{"ServerURL":"charts.example.com","Username":"m","Secret":"x"}', broker)
    answer = DOCKER.answer("get", b"charts.example.com", broker)
    assert json.loads(answer.stdout)["Username"] == "alice"


@pytest.mark.acceptance(38)
def test_list_names_the_rules_for_one_host_and_leaves_out_what_fails(broker: Broker) -> None:
    answer = DOCKER.answer("list", b"unused", broker)
    expected = {"charts.example.com": "alice", "charts.example.com/team-b": "bob", "docker.io": "hub"}
    assert (json.loads(answer.stdout), answer.status) == (expected, 0)
    assert "/does/not/exist" in answer.diagnostics


def test_every_name_that_list_prints_is_one_that_get_answers(broker: Broker) -> None:
    for server, username in json.loads(DOCKER.answer("list", b"unused", broker).stdout).items():
        assert json.loads(DOCKER.answer("get", server.encode(), broker).stdout)["Username"] == username


@pytest.mark.parametrize("control", [*range(0x21), 0x7F])
@pytest.mark.parametrize("position", [0, 6, 18])
def test_a_control_character_anywhere_in_the_name_is_refused(control: int, position: int, broker: Broker) -> None:
    name = b"charts.example.com"
    stdin = name[:position] + bytes([control]) + name[position:]
    answer = DOCKER.answer("get", stdin, broker)
    if stdin == name + b"\n":
        assert answer.status == 0
    else:
        assert (answer.status, b"Secret" in answer.stdout) == (1, False)


@settings(max_examples=500)
@given(
    st.one_of(
        st.binary(max_size=80),
        st.builds(
            lambda a, b: a + b,
            st.sampled_from(
                [
                    b"charts.example.com",
                    b"https://charts.example.com",
                    b"docker.io",
                    b"https://index.docker.io/v1/",
                ]
            ),
            st.binary(max_size=20),
        ),
    )
)
@example(b"charts.example.com\nevil.example.com")
@example(b"charts.example.com.evil.example.com")
@example(b"https://charts.example.com@evil.example.com")
@example(b"https://evil.example.com/?u=https://charts.example.com")
@example(b"https://charts.example.com\\@evil.example.com")
def test_a_secret_leaves_only_for_the_host_that_the_bytes_canonically_name(broker: Broker, stdin: bytes) -> None:
    answer = DOCKER.answer("get", stdin, broker)
    if answer.status == 0:
        host = canonical_host(stdin)
        assert json.loads(answer.stdout)["Secret"] in OWNERS[host]
    else:
        assert answer.status == 1
        assert answer.stdout.count(b"\n") == 1


def canonical_host(stdin: bytes) -> str:
    """A second reading of the input, independent of the front end's."""
    text = stdin.decode("ascii").removesuffix("\n")
    host = text.partition("://")[2].partition("/")[0] if "://" in text else text.partition("/")[0]
    try:
        return Target.parse(f"oci://{host}").host
    except InvalidTarget:
        return f"no host: {host}"


EXECUTABLE = Path(sys.executable).parent / NAME


def run(*argv: str, stdin: bytes = b"", **environ: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([EXECUTABLE, *argv], input=stdin, env=environ, capture_output=True, check=False)


@pytest.fixture
def configuration(tmp_path: Path) -> str:
    path = tmp_path / "config.toml"
    path.touch(mode=0o600)
    path.write_text(CONFIGURATION)
    return str(path)


@pytest.mark.acceptance(38)
def test_the_executable_answers_like_the_function(configuration: str, broker: Broker) -> None:
    done = run("get", stdin=b"charts.example.com\n", OCIBROKER_CONFIG=configuration)
    expected = DOCKER.answer("get", b"charts.example.com\n", broker).stdout
    assert (done.stdout, done.stderr, done.returncode) == (expected, b"", 0)


@pytest.mark.acceptance(38)
def test_the_executable_keeps_the_miss_apart_from_its_reason(configuration: str) -> None:
    done = run("get", stdin=b"unknown.example.com", OCIBROKER_CONFIG=configuration)
    assert (done.stdout, done.returncode) == (MISS, 1)
    assert done.stderr.count(b"\n") == 1


def test_a_child_of_ours_that_is_ourselves_answers_a_miss(configuration: str) -> None:
    done = run("get", stdin=b"charts.example.com", OCIBROKER_CONFIG=configuration, OCIBROKER_NESTED="1")
    assert (done.stdout, done.returncode) == (MISS, 1)


def test_a_wrong_configuration_is_a_failure_and_no_miss(tmp_path: Path) -> None:
    done = run("get", stdin=b"charts.example.com", OCIBROKER_CONFIG=str(tmp_path / "missing.toml"))
    assert done.stdout.startswith(b"ocibroker: ")
    assert b"missing.toml: cannot be read" in done.stdout
    assert done.returncode == 1


USAGE = b"Usage: docker-credential-ocibroker <store|get|erase|list|version>\n"


@pytest.mark.parametrize(
    ("argv", "stdout", "status"),
    [
        ((), USAGE, 1),
        (("get", "charts.example.com"), USAGE, 1),
        (("--help",), USAGE, 0),
        (("-h",), USAGE, 0),
        (("version",), b"docker-credential-ocibroker (ocibroker) 0.1.0\n", 0),
        (("--version",), b"docker-credential-ocibroker (ocibroker) 0.1.0\n", 0),
        (("-v",), b"docker-credential-ocibroker (ocibroker) 0.1.0\n", 0),
    ],
)
def test_it_takes_exactly_one_argument(argv: tuple[str, ...], stdout: bytes, status: int) -> None:
    answer = run_executable(DOCKER, [NAME, *argv], lambda: b"", {})
    assert (answer.stdout, answer.status) == (stdout, status)
    done = run(*argv)
    assert (done.stdout, done.returncode) == (stdout, status)


@pytest.mark.parametrize(
    ("environ", "stdout"),
    [
        ({}, found("docker.io", "hub", "hub-pw").stdout),
        ({"OCIBROKER_NESTED": "1"}, MISS),
        (
            {"OCIBROKER_CONFIG": "/does/not/exist"},
            b"ocibroker: /does/not/exist: cannot be read: No such file or directory\n",
        ),
    ],
    ids=["served", "nested", "configuration missing"],
)
def test_a_run_answers_in_one_line(environ: dict[str, str], stdout: bytes, configuration: str) -> None:
    surroundings = {"OCIBROKER_CONFIG": configuration, **environ}
    answer = run_executable(DOCKER, [NAME, "get"], lambda: b"docker.io", surroundings)
    assert answer.stdout == stdout
