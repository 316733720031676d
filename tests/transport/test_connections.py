"""Connections are lent, counted and closed: never more than there may be, never one that is forgotten."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack

import pytest

from ocibroker.errors import IntegrityError, OcibrokerError
from ocibroker.testing import CannedResponse
from ocibroker.transport.body import AsyncBody, Body
from tests.transport.answering_server import answering
from tests.transport.brokers import Desk

CROWD = 260


def explained(error: Exception) -> OcibrokerError | None:
    return IntegrityError("explained") if isinstance(error, OSError) else None


def parts(error: Exception | None) -> Iterator[bytes]:
    yield b"x"
    if error:
        raise error


async def parts_async(error: Exception | None) -> AsyncIterator[bytes]:
    for part in parts(error):
        yield part


class TestABody:
    def test_it_is_given_back_once(self) -> None:
        closed: list[str] = []
        body = Body(parts(None), explained, lambda: closed.append("closed"))
        assert list(body) == [b"x"]
        body.close()
        body.close()
        assert closed == ["closed"]

    def test_it_is_given_back_once_on_an_event_loop(self) -> None:
        closed: list[str] = []

        async def close() -> None:
            closed.append("closed")

        async def read() -> list[bytes]:
            body = AsyncBody(parts_async(None), explained, close)
            read = [part async for part in body]
            await body.aclose()
            await body.aclose()
            return read

        assert (asyncio.run(read()), closed) == ([b"x"], ["closed"])

    @pytest.mark.parametrize(
        ("error", "seen"), [(OSError(), IntegrityError), (LookupError(), LookupError)], ids=["explained", "a-bug"]
    )
    def test_its_error_is_explained_or_says_so_itself(self, error: Exception, seen: type[Exception]) -> None:
        async def nothing() -> None:
            """There is no connection."""

        async def read() -> None:
            async for _ in AsyncBody(parts_async(error), explained, nothing):
                """Go on."""

        with pytest.raises(seen) as caught:
            list(Body(parts(error), explained, lambda: None))
        assert caught.value.__context__ is None
        with pytest.raises(seen):
            asyncio.run(read())


def plain(port: int) -> str:
    return f'[[tls]]\nmatch = "*.test:{port}"\nplain_http = true\n'


def test_a_crawl_over_many_hosts_closes_the_connections_of_the_earlier_ones(desk: Desk) -> None:
    with answering(lambda _: CannedResponse()) as server, ExitStack() as clients:
        broker = desk.broker(plain(server.port))
        for at in range(CROWD):
            access = broker.access(f"h{at}.test:{server.port}")
            assert clients.enter_context(access.client()).get("/").status_code == 200
        assert broker.access(f"h0.test:{server.port}").client().get("/").status_code == 200
        gc.collect()


def test_so_does_one_on_an_event_loop(desk: Desk) -> None:
    async def crawl(port: int) -> None:
        async with AsyncExitStack() as clients:
            for at in range(CROWD):
                access = broker.access(f"h{at}.test:{port}")
                http = await clients.enter_async_context(access.async_client())
                assert (await http.get("/")).status_code == 200

    with answering(lambda _: CannedResponse()) as server:
        broker = desk.broker(plain(server.port))
        asyncio.run(crawl(server.port))
        gc.collect()


def test_a_pool_that_crowded_out_another_lets_it_finish(desk: Desk) -> None:
    with answering(lambda _: CannedResponse(200, {}, 500_000 * b"x")) as server:
        broker = desk.broker(plain(server.port))
        first = broker.access(f"first.test:{server.port}")
        with first.client() as http, http.stream("GET", "/") as answer:
            for at in range(CROWD):
                with broker.access(f"h{at}.test:{server.port}").client() as other, other.stream("GET", "/") as one:
                    assert one.status_code == 200
            assert len(answer.read()) == 500_000
        gc.collect()
