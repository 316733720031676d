"""``secrets-path.yaml``: something for each folder of a Git repository.

A key that is the path itself wins. Otherwise keys are patterns as of Go's ``path.Match``, whose ``*`` and ``?``
stop at a slash, and the one with more segments spelt out wins, then the one with more characters; two equal ones
are an error. Fleet takes the first in the order of the alphabet. What is below a path has nothing of it, as with
Fleet.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Final

from ocibroker_kubernetes.settings import Settings
from ocibroker_kubernetes.value import Value
from ocibroker_kubernetes.yaml_text import read_yaml

_TEXTS: Final = MappingProxyType({"username": "username", "password": "password"})
_FLAGS: Final = MappingProxyType({"insecureSkipVerify": "insecure", "basicHTTP": "plain_http"})
_ENCODED: Final = MappingProxyType(
    {"caBundle": "ca", "sshPrivateKey": "private_key", "sshKnownHosts": "known_hosts"}
)
_NAMES: Final[Mapping[str, str]] = MappingProxyType({**_TEXTS, **_FLAGS, **_ENCODED})
_WILD: Final = re.compile(r"[*?\[]")
_BROKEN: Final = re.compile(r"\\|\[!|\[[^\]]*$")
"""What Go and Python read differently, or not at all."""


def settings_for(path: str, file: Value) -> Settings | None:
    """Return what ``file`` has for ``path``, or none.

    Raises :class:`~ocibroker.errors.ConfigurationError` that names the entry and its key.
    """
    entries = read_yaml(file)
    if (key := _chosen(path, entries, file)) is None:
        return None
    return _settings(key, entries[key], file)


def _chosen(path: str, keys: Mapping[str, object], file: Value) -> str | None:
    for key in keys:
        if (flawed := _BROKEN.search(key)) is not None:
            raise file.wrong(f"the path {key!r} holds {flawed[0]!r}, which is no pattern here")
    exact = [key for key in keys if key.strip("/") == path]
    found = exact or sorted((key for key in keys if _matches(key, path)), key=_rank, reverse=True)
    if len(found) > 1 and (exact or _rank(found[0]) == _rank(found[1])):
        raise file.wrong(f"{found[0]!r} and {found[1]!r} match {path!r} equally well", "make one more specific")
    return found[0] if found else None


def _matches(key: str, path: str) -> bool:
    patterns, segments = key.strip("/").split("/"), path.split("/")
    if len(patterns) != len(segments):
        return False
    return all(
        fnmatchcase(one, pattern.replace("[^", "[!")) for one, pattern in zip(segments, patterns, strict=True)
    )


def _rank(key: str) -> tuple[int, int]:
    """Return how specific a pattern is: segments that are spelt out, then characters that are."""
    segments = key.strip("/").split("/")
    spelt = sum(_WILD.search(segment) is None for segment in segments)
    return spelt, len(re.sub(r"\[[^\]]*\]|[*?]", "", key.strip("/")))


def _settings(path: str, entry: object, file: Value) -> Settings:
    source = f"{file.culprit}, {path!r}"
    if not isinstance(entry, Mapping):
        raise file.wrong(f"{path!r} is no mapping")
    values: dict[str, Value] = {}
    for key, content in entry.items():
        if key not in _NAMES:
            raise file.wrong(f"{path!r} has an unknown key", f"valid keys: {', '.join(sorted(_NAMES))}")
        if content is not None:
            values[_NAMES[key]] = _value(key, content, f"{source}: {key}")
    return Settings(
        source=source,
        username=values.get("username"),
        password=values.get("password"),
        ca=values.get("ca"),
        private_key=values.get("private_key"),
        known_hosts=values.get("known_hosts"),
        insecure=values.get("insecure"),
        plain_http=values.get("plain_http"),
    )


def _value(key: str, content: object, culprit: str) -> Value:
    value = Value(key, culprit, b"")
    if key in _FLAGS:
        if not isinstance(content, bool):
            raise value.wrong("is neither true nor false", "write it without quotes")
        return Value(key, culprit, str(content).encode())
    if not isinstance(content, str):
        raise value.wrong("is no text", "put it in quotes")
    return Value(key, culprit, _decoded(content, value) if key in _ENCODED else _encoded(content, value))


def _encoded(content: str, value: Value) -> bytes:
    try:
        return content.encode()
    except UnicodeEncodeError:
        pass
    raise value.wrong("is not valid Unicode")


def _decoded(content: str, value: Value) -> bytes:
    try:
        return base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        pass
    raise value.wrong("is not base64")
