"""``[[tls]]`` tables to entries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ocibroker.config.schema import TLSTable
from ocibroker.config.source import Source
from ocibroker.deadline import Deadline
from ocibroker.errors import ConfigurationError
from ocibroker.pattern import Pattern
from ocibroker.reference import read_secret
from ocibroker.secret import Secret
from ocibroker.tls import Proxy, TLSEntry, TLSPolicy, split_no_proxy

_PASSWORD_SECONDS: Final = 10.0
_DEFAULTS: Final = TLSTable(match="")
_SHOWN: Final = ("ca", "ca_only", "client_cert", "client_key", "min_version", "proxy", "insecure", "plain_http")


def entries(tables: Sequence[TLSTable], source: Source) -> tuple[TLSEntry, ...]:
    """Return the entries; none of their files is read yet.

    Raises :class:`~ocibroker.errors.ConfigurationError`.
    """
    return tuple(_entry(f"tls[{at}]", table, source) for at, table in enumerate(tables))


def _entry(place: str, table: TLSTable, source: Source) -> TLSEntry:
    where = f"{source.path}, {place}"
    with source.at(f"{place}.match"):
        pattern = _pattern(table.match)
    with source.at(place):
        return TLSEntry(
            pattern,
            _policy(table, source, where),
            where,
            None if table.no_proxy is None else split_no_proxy(",".join(table.no_proxy)),
            _password(place, table, source),
        )


def _pattern(text: str) -> Pattern:
    pattern = Pattern.parse(text)
    if pattern.path:
        hint = "leave out the path"
        raise ConfigurationError("is for a host, not for a path on it", culprit=f"match = {text!r}", hint=hint)
    return pattern


def _policy(table: TLSTable, source: Source, where: str) -> TLSPolicy:
    if table.client_key_password and not table.client_key:
        raise ConfigurationError("client_key_password without client_key", hint="remove it")
    return TLSPolicy(
        host=table.match,
        ca=tuple(source.absolute(path) for path in table.ca),
        ca_only=table.ca_only,
        client_cert=_path(table.client_cert, source),
        client_key=_path(table.client_key, source),
        min_version=table.min_version,
        proxy=Proxy.parse(table.proxy.text, where) if table.proxy else None,
        insecure=table.insecure,
        plain_http=table.plain_http,
        sources=MappingProxyType({key: where for key in _SHOWN if getattr(table, key) != getattr(_DEFAULTS, key)}),
    )


def _path(text: str | None, source: Source) -> Path | None:
    return None if text is None else source.absolute(text)


def _password(place: str, table: TLSTable, source: Source) -> Callable[[], Secret] | None:
    if table.client_key_password is None:
        return None
    reference = source.secret(table.client_key_password, f"{place}.client_key_password")
    return lambda: read_secret(reference, environ=source.environ, deadline=Deadline.after(_PASSWORD_SECONDS))
