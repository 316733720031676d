"""The protocol of Bazel's credential helpers.

https://github.com/EngFlow/credential-helper-spec
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime, timedelta
from typing import Final

from ocibroker.provider import (
    Basic,
    Bearer,
    FetchRequest,
    JsonAnswer,
    OcibrokerError,
    Secret,
)
from ocibroker_exec.child import Child
from ocibroker_exec.options import ExecOptions

_DEFAULT: Final = timedelta(minutes=5)
"""For an answer that does not say how long it lasts; Bazel itself takes half an hour."""


class _Response(JsonAnswer):
    headers: dict[str, list[str]] | None = None
    expires: str | None = None


def ask(request: FetchRequest[ExecOptions]) -> Basic | Bearer:
    """Return the credential in the one header that the program answers with."""
    child = Child(request)
    response = _Response.read(child.answer(["get"], json.dumps({"uri": _uri(request)}).encode()))
    if response is None:
        raise child.failed("answered something else than the object of the protocol")
    headers = {name.lower(): values for name, values in (response.headers or {}).items()}
    if not headers:
        raise child.nothing()
    if [*headers] != ["authorization"] or len(headers["authorization"]) != 1:
        raise child.failed("answered with other headers than one Authorization", "use the tool that it is made for")
    now = request.clock.now()
    expires = _expiry(child, response, now) if response.expires else now + _DEFAULT
    try:
        found = _credential(headers["authorization"][0], now, expires)
    except OcibrokerError as error:
        why = error.message
    else:
        if found is not None:
            return found
        why = "answered with an Authorization that is neither Basic nor Bearer"
    raise child.failed(why)


def _uri(request: FetchRequest[ExecOptions]) -> str:
    """Return the URL of the target: of a repository, one by which its registry is asked for it."""
    target = request.target
    return f"{target.origin}/v2/{target.path}/manifests/latest" if target.path else f"{target.origin}/v2/"


def _credential(header: str, now: datetime, expires: datetime) -> Basic | Bearer | None:
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return Bearer(secret=Secret(value.strip()), issued_at=now, expires_at=expires)
    username, colon, password = _decoded(value.strip()).partition(":")
    if scheme.lower() != "basic" or not colon:
        return None
    return Basic(username=username, secret=Secret(password), issued_at=now, expires_at=expires)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def _expiry(child: Child, response: _Response, now: datetime) -> datetime:
    try:
        expires = datetime.fromisoformat(response.expires or "")
    except ValueError:
        expires = None
    if expires is None or expires.tzinfo is None:
        raise child.failed("answered with an expires that is no RFC 3339 time")
    if expires <= now:
        raise child.failed("answered with what has expired", "set this machine's clock")
    return expires
