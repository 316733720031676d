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
    if response.is_stream_consumed:  # a transport of the caller's has it in memory
        return response
    try:
        return _held(response, _join(response.iter_raw()))
    finally:
        response.close()


async def set_aside_async(response: httpx.Response) -> httpx.Response:
    """Return the same on an event loop."""
    if response.is_stream_consumed:
        return response
    try:
        return _held(response, _join(await _parts(response)))
    finally:
        await response.aclose()


def drain(response: httpx.Response) -> None:
    """Read what is left of an answer that nobody wants, so that its connection can be used again; not for long."""
    if isinstance(response.stream, httpx.ByteStream):  # set aside
        return
    try:
        if _short(response):
            with suppress(OcibrokerError):
                _skim(response)
    finally:
        response.close()


async def drain_async(response: httpx.Response) -> None:
    """Do the same on an event loop."""
    if isinstance(response.stream, httpx.ByteStream):
        return
    try:
        if _short(response):
            with suppress(OcibrokerError):
                await _skim_async(response)
    finally:
        await response.aclose()


def _short(response: httpx.Response) -> bool:
    """Whether reading the rest costs less than a new connection, as far as the answer says how long it is."""
    said = response.headers.get("content-length", "0")
    return not response.is_stream_consumed and said.isdecimal() and len(said) < 10 and int(said) <= DRAINED


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
    """Return the body in parts, or in one where a transport of the caller's has read it."""
    return [response.content] if response.is_stream_consumed else response.iter_raw()


async def _parts(response: httpx.Response) -> list[bytes]:
    """Return the body in parts, or as much of it as shows that it is too long."""
    if response.is_stream_consumed:
        return [response.content]
    parts, size = [], 0
    async for part in response.aiter_raw():
        size += len(part)
        parts.append(part)
        if size > LARGEST:
            break
    return parts


def _join(parts: Iterable[bytes]) -> bytes:
    body = bytearray()
    for part in parts:
        body += part
        if len(body) > LARGEST:
            raise IntegrityError(f"an answer is longer than {LARGEST} bytes")
    return bytes(body)


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
