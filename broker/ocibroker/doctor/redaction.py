"""The configuration without what is secret: what is not known to be harmless is left out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType
from typing import Any, Final, get_args

import msgspec

from ocibroker.config.schema import (
    CacheTable,
    Document,
    PluginsTable,
    ProxyURL,
    RegistryTable,
    SidecarTable,
    TCPTable,
    TLSTable,
)
from ocibroker.errors import OcibrokerError
from ocibroker.providers import load
from ocibroker.providers.stores import STORES
from ocibroker.reference import TextRef
from ocibroker.tls import Proxy

REDACTED: Final = "(redacted)"
_REFERENCES: Final = ("file", "env")
"""Of a reference to a secret these are shown: of a program's arguments one may be a secret."""
_TABLES: Final = (Document, RegistryTable, TLSTable, PluginsTable, CacheTable, SidecarTable, TCPTable)
_NAME: Final = re.compile(r"[a-z_]{1,32}", re.ASCII)
_PLAIN: Final = (str, int, float, bool, NoneType, TextRef, ProxyURL)


def redacted_configuration(path: Path | None) -> Any:  # noqa: ANN401  # a TOML document, or why there is none
    """Return the configuration at ``path`` without what is secret."""
    if path is None:
        return None
    try:
        return redacted(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return {"unreadable": type(error).__name__}


def redacted(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with such texts only as their keys show to be no secrets."""
    options = {name: _plain_keys([provider.options]) for name, provider in load().known.items()}
    return _table(document, _Shown(_plain_keys(_TABLES), options))


@dataclass(frozen=True, slots=True)
class _Shown:
    """The keys whose texts are shown: anywhere, and within the options of a provider."""

    keys: frozenset[str]
    options: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of_provider(self, name: object) -> _Shown:
        return _Shown(self.options.get(name, frozenset()) if isinstance(name, str) else frozenset())


def _plain_keys(tables: Iterable[type[msgspec.Struct]]) -> frozenset[str]:
    """Return the keys that are for plain text in every table that has them."""
    fields = [one for table in tables for one in msgspec.structs.fields(table)]
    hidden = {one.encode_name for one in fields if not _is_plain(one.type)}
    return frozenset(one.encode_name for one in fields) - hidden


def _is_plain(kind: Any) -> bool:  # noqa: ANN401  # a type, or what typing makes of one
    """Whether values of that type are no secrets, and hold none."""
    if parts := get_args(kind):
        # What stands beside types there says which values are allowed.
        return all(_is_plain(part) for part in parts if isinstance(part, type) or get_args(part))
    return kind in _PLAIN


def _table(table: Mapping[str, Any], shown: _Shown) -> dict[str, Any]:
    within = {name: shown.of_provider(table.get("provider")) if name == "options" else shown for name in table}
    return {
        name if _NAME.fullmatch(name) else REDACTED: _value(name, one, within[name]) for name, one in table.items()
    }


def _value(name: str, value: Any, shown: _Shown) -> Any:  # noqa: ANN401  # a TOML value
    match value:
        case dict():
            if set(value) <= {*_REFERENCES, "exec"}:
                return _reference(value)
            # Which of a store's keys are harmless, the provider's options do not say.
            return _table(value, _Shown(frozenset()) if STORES.keys() >= set(value) else shown)
        case list():
            return [_value(name, one, shown) for one in value]
        case bool() | int() | float() if name in shown.keys:
            return value
        case str() if name in shown.keys:
            return _without_userinfo(value)
    return REDACTED


def _without_userinfo(text: str) -> str:
    """Return the text; of a URL that may hold a password, what a proxy's shows, and nothing of another's."""
    if "@" not in text or not ("://" in text or ":" in text.partition("@")[0]):
        return text
    try:
        return str(Proxy.parse(text, "proxy"))
    except OcibrokerError:
        return REDACTED


def _reference(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one if name in _REFERENCES and isinstance(one, str) else REDACTED for name, one in value.items()}
