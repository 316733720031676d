"""Text to checked values: what is wrong is said with its place in the file and what was probably meant."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar, get_args

import msgspec

from ocibroker.config.schema import OptionTable, ProxyURL
from ocibroker.errors import ConfigurationError, InvalidValue
from ocibroker.reference import SecretRef

T = TypeVar("T", bound=msgspec.Struct)

# Not compiled, since only an error needs them.
_WHERE: Final = r"(?s)(?P<why>.*?)(?: - at `\$(?P<path>[^`]*)`)?"
_UNKNOWN: Final = r"Object contains unknown field `(?P<key>.*)`"
_STEP: Final = r"\.([^.\[\]]+)|\[(\d+)\]"
_MANY: Final = "Expected `array`, got `object`"
_QUOTED: Final = r"`([a-z |]+)`"
_WORDS: Final = MappingProxyType(
    {
        "array": "list",
        "bool": "true or false",
        "dict": "table",
        "float": "number",
        "int": "whole number",
        "object": "table",
        "str": "text",
    }
)
"""What msgspec and Python call a value, and what the manual does."""


def decode(values: object, schema: type[T], *, culprit: str, text: str = "", prefix: str = "") -> T:
    """Return ``values`` as a ``schema``.

    ``culprit`` is the file, ``prefix`` where in it the values stand (``registry[0].options``), ``text`` the whole
    file, for the line. Raises :class:`~ocibroker.errors.ConfigurationError`; no value is shown.
    """
    try:
        return msgspec.convert(values, schema, dec_hook=_hook)
    except msgspec.ValidationError as error:
        message = str(error)
    raise _explained(message, schema, culprit, text, prefix)


def parse(text: str, culprit: str) -> dict[str, Any]:
    """Return the TOML document, or raise :class:`~ocibroker.errors.ConfigurationError` with line and column."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # The message holds a position and no more than one character of the text.
        why = str(error)
    raise ConfigurationError(f"is not TOML: {why}", culprit=culprit)


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """Return the line, counted from 1, in which the value at ``path`` begins.

    tomllib keeps no positions, so the shortest beginning of the text that parses and holds the value is sought;
    that is slow, and done for errors only.
    """
    lines, done = text.splitlines(keepends=True), 0
    for count in range(1, len(lines) + 1):
        try:
            node: Any = tomllib.loads("".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue
        if _holds(node, path):
            return done + 1
        done = count
    return None


def _holds(node: Any, path: Sequence[str | int]) -> bool:  # noqa: ANN401  # a TOML value
    try:
        for step in path:
            node = node[step]
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _hook(kind: type, value: Any) -> object:  # noqa: ANN401  # whatever stands in the file
    if issubclass(kind, SecretRef):
        return _secret(kind, value)
    if issubclass(kind, Path) and isinstance(value, str):
        return _path(value)
    if kind is OptionTable and isinstance(value, dict):
        return OptionTable(value)
    if kind is ProxyURL and isinstance(value, str):
        return ProxyURL(value)
    expected = "object" if kind is OptionTable else "str"
    raise ValueError(f"Expected `{expected}`, got `{type(value).__name__}`")


def _path(value: str) -> Path:
    if not value:
        raise ValueError("is empty")
    return Path(value)


def _secret(kind: type[SecretRef], value: object) -> SecretRef:
    try:
        return kind.decode(value)
    except InvalidValue as error:
        why = f"{error.message} ({error.hint})" if error.hint else error.message
    raise ValueError(why)


def _explained(message: str, schema: type, culprit: str, text: str, prefix: str) -> ConfigurationError:
    found = re.fullmatch(_WHERE, message)
    why, path = (found["why"], found["path"] or "") if found else (message, "")
    hint = ""
    if unknown := re.fullmatch(_UNKNOWN, why):
        path, why = f"{path}.{unknown['key']}", "unknown key"
        hint = _nearest(unknown["key"], _keys(_type_at(schema, path.rpartition(".")[0])))
    if why.startswith("Invalid enum value"):
        hint = f"choose from {', '.join(_choices(_type_at(schema, path)))}"
    place = f"{prefix}{path}" if prefix else path.removeprefix(".")
    if why == _MANY and place in {"registry", "tls"}:
        hint = f"write [[{place}]]"
    if why.startswith("Expected "):
        why = re.sub(_QUOTED, _in_words, why)
    line = line_of(text, _steps(f".{place}"))
    where = f"{culprit}:{line}" if line else culprit
    return ConfigurationError(f"{place}: {why}" if place else why, culprit=where, hint=hint)


def _in_words(kinds: re.Match[str]) -> str:
    # TOML has no null.
    return " or ".join(_WORDS.get(kind, kind) for kind in kinds[1].split(" | ") if kind != "null")


def _steps(path: str) -> list[str | int]:
    return [int(number) if number else name for name, number in re.findall(_STEP, path)]


def _type_at(schema: type, path: str) -> Any:  # noqa: ANN401  # a type, or what typing makes of one
    """Return the type of the value at ``path`` in a ``schema``."""
    kind: Any = schema
    for step in _steps(path):
        if isinstance(step, str):
            kind = next((field.type for field in msgspec.structs.fields(kind) if field.encode_name == step), None)
        else:
            kind = get_args(kind)[0]
    return kind


def _choices(kind: Any) -> list[str]:  # noqa: ANN401  # a type, or what typing makes of one
    """Return the texts that a literal type, or a union with one, allows."""
    parts = get_args(kind)
    return [part for part in parts if isinstance(part, str)] or [one for part in parts for one in _choices(part)]


def _keys(struct: type[msgspec.Struct]) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(struct)]


def _nearest(key: str, keys: list[str]) -> str:
    import difflib  # slow, and needed for an error only

    close = difflib.get_close_matches(key, keys, n=1)
    return f"did you mean {close[0]}?" if close else f"valid keys: {', '.join(sorted(keys)) or 'none'}"
