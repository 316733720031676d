"""``WWW-Authenticate``, read as RFC 9110 sections 5.6 and 11.6.1 say.

A challenge comes from a server that may be hostile: what is malformed is an error, never half understood, and a
parameter that stands twice makes the whole header one, since two readers could choose differently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ocibroker.errors import IntegrityError

LONGEST: Final = 8 * 1024
"""Characters of one header field."""

_TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  # the grammar's word
_QUOTED: Final = r'"(?P<quoted>(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*)"'
_PARAMETER: Final = re.compile(rf"(?P<name>{_TOKEN})[ \t]*=[ \t]*(?:{_QUOTED}|(?P<plain>[^\s\",=]+))")
_SCHEME: Final = re.compile(rf"(?P<scheme>{_TOKEN})(?=[ \t]|,|$)(?![ \t]*=[ \t]*[^=\s,])")
_TOKEN68: Final = re.compile(r"[ \t]+(?P<token68>[A-Za-z0-9._~+/-]+=*)[ \t]*(?=,|$)")
_SPACE: Final = re.compile(r"[ \t]*")
_COMMAS: Final = re.compile(r"[ \t]*(?:,[ \t]*)*")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge: its scheme in lower case, its parameters by lower-case name."""

    scheme: str
    parameters: Mapping[str, str]


def parse_challenges(fields: Iterable[str]) -> tuple[Challenge, ...]:
    """Return the challenges of all ``WWW-Authenticate`` fields of a response, in order.

    Raises :class:`~ocibroker.errors.IntegrityError` for a field that is too long or malformed.
    """
    return tuple(challenge for field in fields for challenge in _field(field))


def _field(field: str) -> Iterator[Challenge]:
    if len(field) > LONGEST:
        raise _malformed(f"is longer than {LONGEST} characters")
    at = _skip(_COMMAS, field, 0)
    while at < len(field):
        challenge, at = _challenge(field, at)
        yield challenge


def _challenge(field: str, at: int) -> tuple[Challenge, int]:
    scheme = _SCHEME.match(field, at)
    if scheme is None:
        raise _malformed("names no scheme")
    at = scheme.end()
    if token68 := _TOKEN68.match(field, at):
        return Challenge(scheme["scheme"].lower(), MappingProxyType({})), _skip(_COMMAS, field, token68.end())
    parameters, end = _parameters(field, _skip(_SPACE, field, at))
    end = end if parameters else _end(field, at)
    return Challenge(scheme["scheme"].lower(), MappingProxyType(parameters)), end


def _parameters(field: str, at: int) -> tuple[dict[str, str], int]:
    found: dict[str, str] = {}
    at = _skip(_COMMAS, field, at)
    while parameter := _PARAMETER.match(field, at):
        name = parameter["name"].lower()
        if name in found:
            raise _malformed("has a parameter twice")
        found[name] = _value(parameter)
        at = _end(field, parameter.end())
    return found, at


def _end(field: str, at: int) -> int:
    after = _skip(_COMMAS, field, at)
    if after < len(field) and "," not in field[at:after]:
        raise _malformed("has parts without a comma between them")
    return after


def _value(parameter: re.Match[str]) -> str:
    quoted = parameter["quoted"]
    return str(parameter["plain"]) if quoted is None else re.sub(r"\\(.)", r"\1", quoted)


def _skip(what: re.Pattern[str], field: str, at: int) -> int:
    found = what.match(field, at)
    return found.end() if found else at


def _malformed(why: str) -> IntegrityError:
    return IntegrityError(f"the challenge {why}", culprit="WWW-Authenticate")
