"""One request to a registry, and what its answer may be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import httpx

from ocibroker.errors import ConnectionFailed, IntegrityError, NotFound, OcibrokerError, RegistryRefused
from ocibroker.transport import ONCE, asked_pause

_RANGE: Final = re.compile(r"bytes (\d{1,19})-\d{1,19}/(?:\d{1,19}|\*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Content:
    """A blob on its way, from ``start`` on; ``parts`` end with the answer, complete or not."""

    start: int
    parts: Iterator[bytes]


def ask(
    http: httpx.Client,
    url: httpx.URL | str,
    name: str,
    headers: Mapping[str, str] = MappingProxyType({}),
    *,
    once: bool = False,
) -> httpx.Response:
    """Return a successful answer, its body unread; ``name`` is what is asked for.

    With ``once`` the caller repeats what fails, and the transport does not. Raises
    :class:`~ocibroker.errors.OcibrokerError`.
    """
    try:
        request = http.build_request("GET", url, headers=headers, extensions={ONCE: True} if once else {})
    except (httpx.InvalidURL, ValueError):
        raise IntegrityError("is said to be at something that is no URL", culprit=name) from None
    answer = http.send(request, stream=True)
    if refusal := failure(answer, name):
        answer.close()
        raise refusal
    return answer


def next_page(answer: httpx.Response, name: str) -> httpx.URL | None:
    """Return the next page's URL (RFC 8288); the transport refuses one on another origin."""
    link = answer.links.get("next", {}).get("url")
    try:
        page = answer.url.join(link) if link else None
    except (httpx.InvalidURL, ValueError):
        raise IntegrityError("is said to go on at something that is no URL", culprit=name) from None
    if page and page.userinfo:  # httpx would log it, and send it instead of the credential
        raise IntegrityError("is said to go on at a URL with a user name or a password", culprit=name)
    return page


def content(answer: httpx.Response, start: int) -> Content:
    """Return the body of an answer to a request for what begins at ``start``."""
    if answer.status_code != httpx.codes.PARTIAL_CONTENT:
        return Content(0, answer.iter_raw())
    found = _RANGE.fullmatch(answer.headers.get("content-range", ""))
    if found is None or int(found[1]) != start:
        raise IntegrityError("answers another range than was asked for", culprit=answer.url.host)
    return Content(start, answer.iter_raw())


def joined(parts: Iterator[bytes], most: int, name: str) -> bytes:
    """Return a body of at most ``most`` bytes."""
    body = bytearray()
    for part in parts:
        body += part
        if len(body) > most:
            raise IntegrityError(f"is longer than {most} bytes", culprit=name)
    return bytes(body)


def failure(answer: httpx.Response, name: str) -> OcibrokerError | None:
    """Return what an answer that is no success is called; ``name`` is what was asked for."""
    status, host = answer.status_code, answer.url.host
    if answer.is_success:
        return None
    if status == httpx.codes.NOT_FOUND:
        return NotFound(f"is not known to {host}", culprit=name, hint="check the name, the tag and the permissions")
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status in {408, 429}:
        why, told = f"{host} answered {status}", asked_pause(answer)
        return ConnectionFailed(why, culprit=name, hint="try again later", retry_after=told)
    return RegistryRefused(f"{host} answered {status}", culprit=name, hint="check the permissions")
