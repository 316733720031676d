"""The body of an answer while it is read: errors are typed, and whoever lent the connection is told of the end."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator

import httpx

from ocibroker.errors import OcibrokerError

Explain = Callable[[Exception], OcibrokerError | None]
"""Returns the typed error for another one; none for what is a bug and says so itself."""


class Body(httpx.SyncByteStream):
    """``parts`` of a body; ``close`` is called once."""

    def __init__(self, parts: Iterable[bytes], explain: Explain, close: Callable[[], None]) -> None:
        self._parts, self._explain, self._close, self._open = parts, explain, close, True

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._parts
        except Exception as error:
            if (failure := self._explain(error)) is None:
                raise
        else:
            return
        raise failure

    def close(self) -> None:
        """Give the connection back."""
        if self._open:
            self._open = False
            self._close()


class AsyncBody(httpx.AsyncByteStream):
    """The same on an event loop."""

    def __init__(self, parts: AsyncIterable[bytes], explain: Explain, close: Callable[[], Awaitable[None]]) -> None:
        self._parts, self._explain, self._close, self._open = parts, explain, close, True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._parts:
                yield part
        except Exception as error:
            if (failure := self._explain(error)) is None:
                raise
        else:
            return
        raise failure

    async def aclose(self) -> None:
        """Give the connection back."""
        if self._open:
            self._open = False
            await self._close()
