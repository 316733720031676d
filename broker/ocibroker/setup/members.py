"""One object within a JSON document, edited so that every other byte stays as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ocibroker.errors import InvalidValue

_BLANK: Final = re.compile(r"[ \t\n\r]*")
_INDENT: Final = "\t"
"""As Docker writes it."""


@dataclass(frozen=True, slots=True)
class _Member:
    key: str
    start: int
    value: int
    end: int


@dataclass(frozen=True, slots=True)
class _Object:
    """An object's members; ``opened`` is behind its brace, ``closed`` at the other."""

    opened: int
    members: tuple[_Member, ...]
    closed: int

    def member(self, key: str) -> _Member | None:
        """Return the last of that name, which is the one that counts."""
        return next((one for one in reversed(self.members) if one.key == key), None)


def put_members(text: str, name: str, values: Mapping[str, str]) -> str:
    """Return ``text`` with ``values`` in the object ``name`` of its root, made if need be.

    Raises :class:`~ocibroker.errors.InvalidValue` for what is not such a document.
    """
    text = text if text.strip() else "{}\n"
    if values and _root(text).member(name) is None:
        text = _put(text, _root(text), name, "{}", "")
    for key, value in values.items():
        text = _put(text, _inner(text, name), key, json.dumps(value), _indent_of(text, name))
    return text


def take_members(text: str, name: str, written: Mapping[str, str], before: Mapping[str, Any] | None) -> str:
    """Return ``text`` without what was ``written``, and with what was ``before`` in its place.

    What has another value by now is somebody else's, and stays.
    """
    if _root(text).member(name) is None:
        return text
    for key, value in written.items():
        found = _inner(text, name).member(key)
        if found is None or json.loads(text[found.value : found.end]) != value:
            continue
        if before and key in before:
            text = text[: found.value] + json.dumps(before[key]) + text[found.end :]
        else:
            text = _cut(text, _inner(text, name), key)
    return text if before is not None or _inner(text, name).members else _cut(text, _root(text), name)


def members_of(text: str, name: str) -> dict[str, Any] | None:
    """Return the object ``name`` of the root, none where it has none."""
    if not text.strip():
        return None
    found = _root(text).member(name)
    value = json.loads(text[found.value : found.end]) if found else None
    return value if isinstance(value, dict) else None


def hidden(text: str, shown: str) -> str:
    """Return ``text`` with stars for every value of the root but those of the object ``shown``."""
    for member in reversed(_root(text).members if text.strip() else ()):
        if member.key != shown:
            text = text[: member.value] + _starred(text[member.value : member.end]) + text[member.end :]
    return text


def _starred(value: str) -> str:
    """Return a value's shape: its lines, each without what stands on it."""
    return re.sub(r"[^\s{}\[\],:]+(?:[^\n{}\[\],:]*[^\s{}\[\],:])?", "*", re.sub(r'"(?:[^"\\]|\\.)*"', "*", value))


def _put(text: str, place: _Object, key: str, value: str, around: str) -> str:
    found = place.member(key)
    if found:
        return text[: found.value] + value + text[found.end :]
    entry = f"{json.dumps(key)}: {value}"
    if place.members:
        lead = text[place.opened : place.members[0].start]
        last = place.members[-1].end
        return f"{text[:last]},{lead}{entry}{text[last:]}"
    return f"{text[: place.opened]}\n{around}{around or _INDENT}{entry}\n{around}{text[place.closed :]}"


def _cut(text: str, place: _Object, key: str) -> str:
    at = next(number for number, one in enumerate(place.members) if one.key == key)
    if len(place.members) == 1:
        return text[: place.opened] + text[place.closed :]
    if at + 1 < len(place.members):
        return text[: place.members[at].start] + text[place.members[at + 1].start :]
    return text[: place.members[at - 1].end] + text[place.members[at].end :]


def _indent_of(text: str, name: str) -> str:
    member = _root(text).member(name)
    line = text[: member.start].rpartition("\n")[2] if member else ""
    return line if not line.strip() else ""


def _inner(text: str, name: str) -> _Object:
    member = _root(text).member(name)
    if member is None or text[member.value] != "{":
        raise InvalidValue(f"has something else than an object as {name}")
    return _object(text, member.value)


def _root(text: str) -> _Object:
    try:
        if not isinstance(json.loads(text), dict):
            raise InvalidValue("is not a JSON object")
    except (ValueError, RecursionError):
        pass
    else:
        return _object(text, _skip(text, 0))
    raise InvalidValue("is not JSON")


def _object(text: str, brace: int) -> _Object:
    members, at, decoder = [], _skip(text, brace + 1), json.JSONDecoder()
    while text[at] != "}":
        key, end = decoder.raw_decode(text, at)
        value = _skip(text, _skip(text, end) + 1)
        _, end = decoder.raw_decode(text, value)
        members.append(_Member(key, at, value, end))
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at
    return _Object(brace + 1, tuple(members), at)


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at
