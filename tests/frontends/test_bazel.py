"""Bazel's credential helper, byte for byte, and with arbitrary bytes."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ocibroker import Broker
from ocibroker.frontends.answer import Answer
from ocibroker.frontends.bazel import BAZEL
from ocibroker.frontends.executable import run as run_executable
from tests.frontends.neighbours import CONFIGURATION, LIFE, OWNERS
from tests.transport.hand_clock import HandClock


class Response(msgspec.Struct, forbid_unknown_fields=True):
    """``get-credentials-response.schema.json`` of EngFlow/credential-helper-spec, and nothing beyond it."""

    headers: dict[str, list[str]] = {}
    expires: str | None = None


def ask(broker: Broker, uri: str) -> Answer:
    return BAZEL.answer("get", json.dumps({"uri": uri}).encode(), broker)


def basic(username: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


ALICE, BOB = basic("alice", "s3cret/é"), basic("bob", "team b's")
HITS = {
    "https://charts.example.com": ALICE,
    "https://charts.example.com:443/": ALICE,
    "https://CHARTS.example.com/a?b=c#d": ALICE,
    "https://charts.example.com/team-bb/x.tgz": ALICE,
    "https://charts.example.com/team-b/x.tgz": BOB,
    "https://charts.example.com/v2/team-b/app/blobs/sha256:" + "a" * 64: BOB,
    "https://charts.example.com/v2/team-b/app/manifests/1.0": BOB,
    "https://charts.example.com/v2/": ALICE,
    "https://registry-1.docker.io/v2/library/nginx/manifests/latest": basic("hub", "hub-pw"),
}


@pytest.mark.parametrize("uri", HITS)
def test_the_header_is_a_list(uri: str, broker: Broker) -> None:
    assert ask(broker, uri) == Answer(f'{{"headers":{{"Authorization":["{HITS[uri]}"]}}}}\n'.encode())


@pytest.mark.parametrize(
    ("host", "header"),
    [("basic.token.example", basic("robot", "token-value")), ("bearer.token.example", "Bearer token-value")],
)
def test_what_expires_says_when_without_a_fraction(
    host: str, header: str, broker: Broker, still: HandClock
) -> None:
    response = msgspec.json.decode(ask(broker, f"https://{host}/x").stdout, type=Response)
    assert response.headers == {"Authorization": [header]}
    assert response.expires is not None
    # Bazel's own pattern: yyyy-MM-dd'T'HH:mm:ssXXX
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", response.expires)
    assert datetime.fromisoformat(response.expires) == (still.now() + LIFE).replace(microsecond=0)


@pytest.mark.parametrize("host", ["unknown.example.com", "public.example.com"])
def test_without_a_credential_the_object_is_empty(host: str, broker: Broker) -> None:
    answer = ask(broker, f"https://{host}/x")
    assert (answer.stdout, answer.status) == (b"{}\n", 0)
    assert host in answer.diagnostics


FAILURES = {
    "plain HTTP": (
        b'{"uri":"http://charts.example.com/x"}',
        "http://charts.example.com/x: is not served: only https",
    ),
    "another scheme": (b'{"uri":"ftp://charts.example.com"}', "charts.example.com"),
    "no scheme": (b'{"uri":"charts.example.com"}', "charts.example.com"),
    "a password in it": (b'{"uri":"https://u:hunter2@charts.example.com"}', "carries a user name or password"),
    "a line break": (b'{"uri":"https://charts.example.com\\n.evil.test"}', "evil.test"),
    "dots": (b'{"uri":"https://charts.example.com/a/../team-b"}', "cannot be compared safely"),
    "nothing": (b"", "standard input: is no object with a uri in JSON"),
    "garbage": (b"\xff{", "standard input: is no object with a uri in JSON"),
    "no uri": (b"{}", "standard input: is no object with a uri in JSON"),
    "provider failed": (b'{"uri":"https://failing.token.example"}', "provider tokens: the cloud said no (log in)"),
    "identity token": (b'{"uri":"https://identity.token.example"}', "an identity token must first be exchanged"),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
def test_a_failure_is_told_on_standard_error_only(failure: tuple[bytes, str], broker: Broker) -> None:
    stdin, told = failure
    answer = BAZEL.answer("get", stdin, broker)
    assert (answer.stdout, answer.status) == (b"", 1)
    assert told in answer.diagnostics
    assert "hunter2" not in answer.diagnostics


def test_properties_that_are_not_known_are_passed_over(broker: Broker) -> None:
    assert BAZEL.answer("get", b'{"uri":"https://charts.example.com","more":[1]}', broker).status == 0


@pytest.mark.parametrize("control", [*range(0x21), 0x7F])
@pytest.mark.parametrize("position", [0, 3, 8, 14, 26, 30])
def test_a_control_character_anywhere_in_the_uri_is_refused(control: int, position: int, broker: Broker) -> None:
    uri = "https://charts.example.com/app"
    answer = ask(broker, uri[:position] + chr(control) + uri[position:])
    assert (answer.stdout, answer.status) == (b"", 1)


STARTS = ("https://charts.example.com", "https://docker.io", "https://basic.token.example", "https://")


@settings(max_examples=300)
@given(st.text(max_size=60) | st.builds(lambda a, b: a + b, st.sampled_from(STARTS), st.text(max_size=20)))
@example("https://charts.example.com.evil.example.com/")
@example("https://charts.example.com@evil.example.com/")
@example("https://charts.example.com\\@evil.example.com/")
@example("https://evil.example.com/?https://charts.example.com")
def test_a_secret_leaves_only_for_the_host_of_the_uri(broker: Broker, uri: str) -> None:
    answer = ask(broker, uri)
    if answer.status:
        assert answer.stdout == b""
        return
    for values in msgspec.json.decode(answer.stdout, type=Response).headers.values():
        host = re.split(r"[/?#]", uri.removeprefix("https://"), maxsplit=1)[0].lower()
        secret = base64.b64decode(values[0].removeprefix("Basic ")).decode().partition(":")[2]
        assert secret in OWNERS[host.removesuffix(":443").removesuffix(".")]


@settings(max_examples=200)
@given(st.binary(max_size=100))
def test_arbitrary_bytes_are_a_failure(broker: Broker, stdin: bytes) -> None:
    answer = BAZEL.answer("get", stdin, broker)
    assert (answer.stdout, answer.status) == (b"", 1)


PROGRAM = Path(sys.executable).parent / BAZEL.executable


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    path = tmp_path / "config.toml"
    path.touch(mode=0o600)
    path.write_text(CONFIGURATION)
    return {"OCIBROKER_CONFIG": str(path), "HOME": str(tmp_path)}


@pytest.mark.parametrize("argv", [(), ("get", "more"), ("setup-uri", "x"), ("setup-uri",)])
def test_any_other_command_line_fails_with_words_for_a_person(argv: tuple[str, ...]) -> None:
    answer = run_executable(BAZEL, [BAZEL.executable, *argv], lambda: b"", {})
    assert (answer.stdout, answer.status, bool(answer.diagnostics)) == (b"", 1, True)


def test_below_itself_it_has_no_credential(surroundings: dict[str, str]) -> None:
    below: dict[str, Any] = {**surroundings, "OCIBROKER_NESTED": "1"}
    answer = run_executable(BAZEL, [BAZEL.executable, "get"], lambda: b'{"uri":"https://docker.io"}', below)
    assert (answer.stdout, answer.status) == (b"{}\n", 0)


def test_nobody_need_read_the_answer(surroundings: dict[str, str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stdin = b'{"uri":"https://docker.io"}'
    done = subprocess.run(
        [PROGRAM, "get"], input=stdin, stdout=writer, stderr=subprocess.PIPE, env=surroundings, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_nobody_need_ask(surroundings: dict[str, str]) -> None:
    closing = [sys.executable, "-c", "import os, sys; os.close(0); os.execv(sys.argv[1], sys.argv[1:])"]
    done = subprocess.run([*closing, PROGRAM, "get"], capture_output=True, env=surroundings, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"bazel-credential-ocibroker: standard input: is no object with a uri in JSON\n"
