"""The helper asks the sidecar, and what that answers is final."""

import os
import socket
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.scripts.helper import FOUND, NAME, SERVER, Helper, answering, module, response
from tests.transport.raw_server import RawServer, Script, dripping, hanging_up, raw_unix, saying, silent

BROKEN = b"ocibroker: the answer of the sidecar at %s is malformed or cut short\n"


def resetting(connection: socket.socket, server: RawServer) -> None:
    """Read a part of the request, and close with a part unread: the other end sees a reset."""
    connection.recv(1)


def test_the_request_is_the_verb_and_standard_input(helper: Helper, place: Path) -> None:
    with raw_unix(answering(), place) as server:
        helper.run("get", stdin=b"a\0b\r\n\xff")
    head, _, body = server.received.partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"POST /v1/helpers/docker/get HTTP/1.0",
        b"Host: ocibroker",
        b"Ocibroker-Request: 1",
        b"Connection: close",
        b"Content-Type: application/octet-stream",
        b"Content-Length: 6",
    ]
    assert body == b"a\0b\r\n\xff"


@pytest.mark.parametrize("verb", ["get", "store", "erase", "list"])
def test_the_sidecar_answers_every_verb_that_needs_a_broker(verb: str, helper: Helper, place: Path) -> None:
    with raw_unix(answering(b"x"), place) as server:
        assert helper.run(verb).stdout == b"x"
    assert server.received.startswith(b"POST /v1/helpers/docker/%s HTTP/1.0\r\n" % verb.encode())


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        (FOUND, 0, ""),
        (b"", 0, "nothing is stored for registry.test"),
        (b"credentials not found in native keychain\n", 1, "registry.test: no rule"),
        (b"\x00\xff\r\n" * 200_000, 7, ""),
    ],
    ids=["found", "nothing", "a miss", "many bytes of any kind"],
)
def test_the_answer_is_passed_on_as_it_is(body: bytes, code: int, told: str, helper: Helper, place: Path) -> None:
    with raw_unix(answering(body, Ocibroker_Exit=str(code), Ocibroker_Diagnostics=told), place):
        done = helper.run("get")
    assert (done.stdout, done.returncode) == (body, code)
    assert done.stderr.decode() == (f"{NAME}: {told}\n" if told else "")


@pytest.mark.parametrize("status", ["204 No Content", "400 Bad Request", "403 Forbidden", "404 x", "503 x"])
def test_a_refusal_is_one_line_without_the_words_of_the_other_side(
    status: str, helper: Helper, place: Path
) -> None:
    with raw_unix(answering(b'{"title": "canary"}', status, Ocibroker_Diagnostics="ask for less"), place):
        done = helper.run("get")
    assert done.stdout.decode() == f"ocibroker: the sidecar at {place} answered {status[:3]}\n"
    assert (done.returncode, done.stderr.decode()) == (1, f"{NAME}: ask for less\n")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"canary",
        response()[:-1],
        response() + b"x",
        response(Ocibroker_Exit="256"),
        response(Ocibroker_Exit="-1"),
        response(Ocibroker_Exit="+1"),
        response(Ocibroker_Exit="00"),
        response(Ocibroker_Exit=""),
        response(Content_Length="0"),
        response(Transfer_Encoding="chunked"),
        response(Ocibroker_Diagnostics="a\x1b[2Jb"),
        response(Ocibroker_Diagnostics="a\nb"),
        response(Ocibroker_Diagnostics="é"),
        response(ocibroker_exit="1"),
        response(status="20 OK"),
        response(status="2000 OK"),
        response(status="OK 200"),
        response().replace(b"HTTP/1.1", b"HTTP/2.0"),
        response().replace(b"Content-Type:", b"Content-Type"),
        response(b"a" * 1024 * 1024),
    ],
    ids=str,
)
def test_what_is_no_whole_answer_is_none(answer: bytes, helper: Helper, place: Path) -> None:
    with raw_unix(saying(answer), place):
        done = helper.run("get", OCIBROKER_VERBOSE="1")
    assert (done.stdout, done.stderr, done.returncode) == (BROKEN % bytes(place), b"", 1)


@pytest.mark.parametrize("script", [hanging_up, resetting], ids=["closed", "reset"])
def test_a_connection_that_ends_is_not_tried_otherwise(script: Script, helper: Helper, place: Path) -> None:
    with raw_unix(script, place) as server:
        done = helper.run("get", stdin=SERVER * 4000)
    assert (done.stdout.count(b"\n"), done.stderr, done.returncode) == (1, b"", 1)
    assert done.stdout.startswith(b"ocibroker: the ")
    assert b"the sidecar at %s" % bytes(place) in done.stdout
    assert server.connections == 1


@pytest.mark.parametrize("script", [silent, dripping(response(), pace=0.01)], ids=["silent", "dripping"])
def test_the_whole_answer_has_one_deadline(script: Script, place: Path) -> None:
    with raw_unix(script, place), socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(place))
        with pytest.raises(TimeoutError):
            module().ask(connection, "/v1/helpers/docker/get", SERVER, seconds=0.1)


def test_more_than_a_bound_is_not_read_from_standard_input(helper: Helper, place: Path) -> None:
    with raw_unix(answering(), place) as server:
        done = helper.run("get", stdin=b"a" * 65537)
        assert server.connections == 0
    assert (done.stdout, done.returncode) == (b"ocibroker: standard input is longer than 65536 bytes\n", 1)


def test_nobody_need_read_the_answer(helper: Helper, place: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with raw_unix(answering(), place):
        argv = [*helper.program, "get"]
        surroundings, errors = helper.surroundings, subprocess.PIPE
        done = subprocess.run(argv, env=surroundings, input=SERVER, stdout=writer, stderr=errors, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_place_that_would_break_the_line_is_shown_escaped(helper: Helper) -> None:
    with raw_unix(answering(status="403 x"), helper.home / "a\nb"):
        done = helper.run("get", OCIBROKER_SOCKET=f"{helper.home}/a\nb")
    assert done.stdout.decode() == f"ocibroker: the sidecar at {helper.home}/a\\nb answered 403\n"


@given(some.binary() | some.binary().map(lambda junk: response() + junk) | some.binary().map(response))
def test_no_bytes_are_anything_but_an_answer_or_none(answer: bytes) -> None:
    try:
        status, told, code, body = module().parse(answer)
    except ValueError:
        return
    assert answer.endswith(b"\r\n\r\n" + body)
    assert (len(status), told.isprintable(), 0 <= code <= 255) == (3, True, True)
