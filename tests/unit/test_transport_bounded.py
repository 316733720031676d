"""Bodies that are read whole, up to a bound."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest

from ocibroker.errors import ConnectionFailed, IntegrityError
from ocibroker.transport.bounded import (
    DRAINED,
    LARGEST,
    drain,
    drain_async,
    read_whole,
    read_whole_async,
)


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Parts of a body, and what was done with it."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self.parts = parts
        self.taken = 0
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        for part in self.parts:
            self.taken += len(part)
            yield part

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self:
            yield part

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


def in_a_loop(response: httpx.Response) -> httpx.Response:
    return asyncio.run(read_whole_async(response))


Read = Callable[[httpx.Response], httpx.Response]
both = pytest.mark.parametrize("read", [read_whole, in_a_loop], ids=["thread", "loop"])


def endless() -> Iterator[bytes]:
    while True:
        yield b"x" * 65_536


@both
@pytest.mark.parametrize(
    "parts",
    [[], [b""], [b"hello"], [b"he", b"", b"llo"], [b"x" * LARGEST]],
    ids=["nothing", "empty", "one", "several", "largest"],
)
def test_a_body_is_read_whole(read: Read, parts: list[bytes]) -> None:
    assert read(httpx.Response(200, stream=Body(iter(parts)))).content == b"".join(parts)


@pytest.mark.fault(7)
@both
def test_an_endless_body_is_refused_after_little_more_than_the_bound(read: Read) -> None:
    body = Body(endless())
    with pytest.raises(IntegrityError, match="longer than"):
        read(httpx.Response(200, stream=body))
    assert body.taken <= LARGEST + 2 * 65_536


@both
@pytest.mark.parametrize("parts", [[b"hello"], [b"x" * (LARGEST + 1)]], ids=["read", "refused"])
def test_the_connection_is_given_back_in_any_case(read: Read, parts: list[bytes]) -> None:
    body = Body(iter(parts))
    with contextlib.suppress(IntegrityError):
        read(httpx.Response(200, stream=body))
    assert body.closed


@pytest.mark.fault(7)
@both
@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "zstd", "identity, gzip", "GZIP", "x"])
def test_a_compressed_body_is_refused(read: Read, coding: str) -> None:
    response = httpx.Response(
        200, headers={"content-encoding": coding}, stream=Body(iter([gzip.compress(b"x" * 99)]))
    )
    with pytest.raises(IntegrityError, match="compressed"):
        read(response)


@both
def test_a_coding_without_a_body_is_of_no_matter(read: Read) -> None:
    response = httpx.Response(304, headers={"content-encoding": "gzip"}, stream=Body(iter([])))
    assert read(response).content == b""


@both
def test_status_and_headers_are_kept(read: Read) -> None:
    headers = [("www-authenticate", "Basic"), ("www-authenticate", "Bearer"), ("transfer-encoding", "chunked")]
    response = read(httpx.Response(401, headers=headers, stream=Body(iter([b"no"]))))
    assert response.status_code == 401
    assert response.headers.get_list("www-authenticate") == ["Basic", "Bearer"]


@both
def test_a_body_that_is_whole_is_no_longer_in_chunks(read: Read) -> None:
    response = read(httpx.Response(200, headers={"Transfer-Encoding": "chunked"}, stream=Body(iter([b"x"]))))
    assert "transfer-encoding" not in response.headers


def drained_in_a_loop(response: httpx.Response) -> None:
    asyncio.run(drain_async(response))


Drain = Callable[[httpx.Response], None]
both_drains = pytest.mark.parametrize("empty", [drain, drained_in_a_loop], ids=["thread", "loop"])


def broken() -> Iterator[bytes]:
    yield b"x"
    raise ConnectionFailed("cut off")


@both_drains
@pytest.mark.parametrize("size", [0, 1, DRAINED], ids=["nothing", "byte", "most"])
def test_an_answer_that_nobody_wants_is_read_to_its_end(empty: Drain, size: int) -> None:
    body = Body(iter([b"x"] * size))
    empty(httpx.Response(401, stream=body))
    assert (body.taken, body.closed) == (size, True)


@both_drains
def test_an_endless_answer_that_nobody_wants_is_given_up(empty: Drain) -> None:
    body = Body(endless())
    empty(httpx.Response(401, stream=body))
    assert body.taken <= DRAINED + 65_536
    assert body.closed


@both_drains
def test_a_connection_that_breaks_meanwhile_is_of_no_matter(empty: Drain) -> None:
    body = Body(broken())
    empty(httpx.Response(401, stream=body))
    assert body.closed


@both_drains
def test_an_answer_that_was_read_is_not_read_again(empty: Drain) -> None:
    response = httpx.Response(401, content=b"x")
    response.read()
    empty(response)
    assert response.content == b"x"
