"""What an error of Google's says, as far as it may be shown: its codes, and the id of the request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ocibroker.provider import JsonAnswer, as_code

_LOWER: Final = re.compile(r"[a-z]+(?:_[a-z]+)*", re.ASCII)
_UPPER: Final = re.compile(r"[A-Z]+(?:_[A-Z]+)*", re.ASCII)
"""How Google's codes look, OAuth's and those of its APIs: nothing that was sent to it does."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """``codes`` go from the general to the special: ``invalid_grant``, ``invalid_rapt``."""

    codes: tuple[str, ...] = ()
    request_id: str = ""


class _OAuth(JsonAnswer):
    """RFC 6749 section 5.2; the subtype is Google's."""

    error: str
    error_subtype: str = ""


class _Status(JsonAnswer):
    """``google.rpc.Status``: https://cloud.google.com/apis/design/errors."""

    status: str = ""
    details: tuple[dict[str, Any], ...] = ()


class _Api(JsonAnswer):
    error: _Status


def refusal_in(body: bytes) -> Refusal:
    """Return what ``body`` says; nothing where it is no error of Google's."""
    if oauth := _OAuth.read(body):
        return Refusal(_codes((oauth.error, oauth.error_subtype), _LOWER))
    if api := _Api.read(body):
        reasons = _details(api.error.details, "google.rpc.ErrorInfo", "reason")
        ids = map(as_code, _details(api.error.details, "google.rpc.RequestInfo", "requestId"))
        return Refusal(_codes((api.error.status, *reasons), _UPPER), next(filter(None, ids), ""))
    return Refusal()


def _codes(said: Iterable[object], looks: re.Pattern[str]) -> tuple[str, ...]:
    return tuple(code for one in said if (code := as_code(one)) and looks.fullmatch(code))


def _details(details: Sequence[Mapping[str, Any]], kind: str, field: str) -> Iterator[object]:
    return (one.get(field) for one in details if one.get("@type") == f"type.googleapis.com/{kind}")
