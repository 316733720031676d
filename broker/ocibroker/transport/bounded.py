"""Bodies that are read whole, up to a bound: challenges, tokens, errors. Never a blob."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import httpx

from ocibroker.errors import IntegrityError, OcibrokerError

LARGEST: Final = 1024 * 1024
"""Bytes: far above any token, far below what would hurt."""

DRAINED: Final = 64 * 1024
"""Bytes: above that, a new connection costs less than the rest of the answer."""


def read_whole(response: httpx.Response) -> httpx.Response:
    """Return the response with its body read.

    Raises :class:`~ocibroker.errors.IntegrityError` for a body above :data:`LARGEST`, or a compressed one: none
    was asked for, and a small one could unpack to anything.
    """
    try:
        return _rebuilt(response, _join(_raw(response)))
    finally:
        response.close()


async def read_whole_async(response: httpx.Response) -> httpx.Response:
    """Return the response with its body read; errors as :func:`read_whole`."""
    try:
        return _rebuilt(response, _join(await _parts(response)))
    finally:
        await response.aclose()


def set_aside(response: httpx.Response) -> httpx.Response:
    """Return the response with its body in memory and yet to be read: it outlives what is sent after it.

    Raises :class:`~ocibroker.errors.IntegrityError` for a body above :data:`LARGEST`.
    """
    try:
        return _held(response, _join(_raw(response)))
    finally:
        response.close()


async def set_aside_async(response: httpx.Response) -> httpx.Response:
    """Return the same on an event loop."""
    try:
        return _held(response, _join(await _parts(response)))
    finally:
        await response.aclose()


def drain(response: httpx.Response) -> None:
    """Read what is left of an answer that nobody wants, so that its connection can be used again; not for long."""
    if isinstance(response.stream, httpx.ByteStream):  # set aside
        return
    if not response.is_stream_consumed:
        with suppress(OcibrokerError):
            _skim(response)
    response.close()


async def drain_async(response: httpx.Response) -> None:
    """Do the same on an event loop."""
    if isinstance(response.stream, httpx.ByteStream):
        return
    if not response.is_stream_consumed:
        with suppress(OcibrokerError):
            await _skim_async(response)
    await response.aclose()


def _skim(response: httpx.Response) -> None:
    size = 0
    for part in response.iter_raw():
        size += len(part)
        if size > DRAINED:
            return


async def _skim_async(response: httpx.Response) -> None:
    size = 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > DRAINED:
            return


def _raw(response: httpx.Response) -> Iterable[bytes]:
    """Return the body in parts; httpx reads one that a transport has in memory before anybody asks for it."""
    return response.stream if isinstance(response.stream, httpx.ByteStream) else response.iter_raw()


async def _parts(response: httpx.Response) -> list[bytes]:
    """Return the body in parts, or as much of it as shows that it is too long."""
    if isinstance(response.stream, httpx.ByteStream):
        return [*response.stream]
    parts, size = [], 0
    async for part in response.aiter_raw():
        size += len(part)
        parts.append(part)
        if size > LARGEST:
            break
    return parts


def _join(parts: Iterable[bytes]) -> bytes:
    body = b""
    for part in parts:
        body += part
        if len(body) > LARGEST:
            raise IntegrityError(f"an answer is longer than {LARGEST} bytes")
    return body


def _held(response: httpx.Response, body: bytes) -> httpx.Response:
    return httpx.Response(
        response.status_code,
        headers=response.headers,
        stream=httpx.ByteStream(body),
        extensions=response.extensions,
    )


def _rebuilt(response: httpx.Response, body: bytes) -> httpx.Response:
    if body and response.headers.get("content-encoding", "identity") != "identity":
        raise IntegrityError("an answer is compressed, which was not asked for")
    headers = [pair for pair in response.headers.raw if pair[0].lower() != b"transfer-encoding"]
    return httpx.Response(response.status_code, headers=headers, content=body)
