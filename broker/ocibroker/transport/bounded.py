"""Bodies that are read whole, up to a bound: challenges, tokens, errors. Never a blob."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import httpx

from ocibroker.errors import IntegrityError

LARGEST: Final = 1024 * 1024
"""Bytes: far above any token, far below what would hurt."""


def read_whole(response: httpx.Response) -> httpx.Response:
    """Return the response with its body read.

    Raises :class:`~ocibroker.errors.IntegrityError` for a body above :data:`LARGEST`, or a compressed one: none
    was asked for, and a small one could unpack to anything.
    """
    try:
        return _rebuilt(response, _join(response.iter_raw()))
    finally:
        response.close()


async def read_whole_async(response: httpx.Response) -> httpx.Response:
    """Return the response with its body read; errors as :func:`read_whole`."""
    try:
        parts, size = [], 0
        async for part in response.aiter_raw():
            size += len(part)
            parts.append(part)
            if size > LARGEST:
                break
        return _rebuilt(response, _join(parts))
    finally:
        await response.aclose()


def _join(parts: Iterable[bytes]) -> bytes:
    body = b""
    for part in parts:
        body += part
        if len(body) > LARGEST:
            raise IntegrityError(f"an answer is longer than {LARGEST} bytes")
    return body


def _rebuilt(response: httpx.Response, body: bytes) -> httpx.Response:
    if body and response.headers.get("content-encoding", "identity") != "identity":
        raise IntegrityError("an answer is compressed, which was not asked for")
    headers = [pair for pair in response.headers.raw if pair[0].lower() != b"transfer-encoding"]
    return httpx.Response(response.status_code, headers=headers, content=body)
