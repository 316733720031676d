"""A registry's ``hosts.toml``, by which containerd is told of mirrors and of trust.

https://github.com/containerd/containerd/blob/main/docs/hosts.md. Only what it says of certificates, for the
registry itself, is of use here; a mirror has certificates of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from ocibroker.errors import InvalidTarget
from ocibroker.host import shown
from ocibroker.origin import Origin
from ocibroker.target import ALIASES
from ocibroker.tls.discovered import Discovered, only
from ocibroker.tls.refused import refused

_N = TypeVar("_N", str, str | tuple[str, str])


class _Table(msgspec.Struct, frozen=True):
    """What may be said of a server; a header or a proxy may hold a secret, and is never shown."""

    ca: str | tuple[str, ...] | None = None
    client: str | tuple[str | tuple[str, str], ...] | None = None
    skip_verify: bool = False
    override_path: bool = False
    header: dict[str, Any] | None = None
    proxy: str | None = None

    @property
    def trusts(self) -> bool:
        return self.ca is not None or self.client is not None


class _Hosts(_Table, frozen=True):
    server: str | None = None
    host: dict[str, _Table] = {}


def read_hosts(file: Path, content: bytes, origin: Origin) -> Discovered:
    """Return what the file says of ``origin`` itself, the files that it names unread.

    That is its ``[host]`` table, else the top level unless that is for another ``server``; the first that names
    certificates wins whole. Raises :class:`~ocibroker.errors.TLSConfigurationError`.
    """
    hosts, host = _parsed(file, content, origin.authority), origin.authority
    tables = [*hosts.host.items(), (hosts.server or str(origin), hosts)]
    own = [table for url, table in tables if _is(url, origin)]
    chosen = next((table for table in own if table.trusts), _Table())
    notes = [note for url, table in tables for note in _disobeyed(url, table, origin)]
    return Discovered(
        ca=tuple(file.parent / path for path in _each(chosen.ca)),
        client=only([_pair(file.parent, named) for named in _each(chosen.client)], file, host),
        source=file,
        notes=tuple(f"{note} ({file}): not obeyed" for note in dict.fromkeys(notes)),
    )


def _parsed(file: Path, content: bytes, host: str) -> _Hosts:
    try:
        return msgspec.toml.decode(content, type=_Hosts)
    except msgspec.ValidationError as error:
        why = str(error)  # a place and a type, never a value
    except msgspec.DecodeError as error:
        # Of what tomllib says only the place: a key that stands there twice may be a URL with a password.
        why = f"it is not TOML {str(error).rpartition('(')[2].rstrip(')')}"
    except UnicodeDecodeError:
        why = "it is not UTF-8"
    raise refused(file, host, f"cannot be read: {why}", "correct it, or write a [[tls]] entry for the host")


def _disobeyed(url: str, table: _Table, origin: Origin) -> Iterator[str]:
    """Tell what would send a request elsewhere, or weaken it."""
    if not _is(url, origin):
        yield f"mirror {_reached(url) or shown(url)}"
        return
    if (reached := _reached(url)) and reached.scheme == "http":
        yield f"plain HTTP to {reached}"
    yield from (f"{key} = true" for key in ("skip_verify", "override_path") if getattr(table, key))
    yield from (key for key in ("header", "proxy") if getattr(table, key))


def _is(url: str, origin: Origin) -> bool:
    """Whether ``url`` is the registry itself, also where the scheme is the wrong one."""
    reached = _reached(url)
    return reached is not None and _name(reached) == _name(origin)


def _reached(url: str) -> Origin | None:
    try:
        return Origin.parse(url if url.startswith("http") else f"https://{url}")
    except InvalidTarget:
        return None


def _name(origin: Origin) -> tuple[str, int]:
    return ALIASES.get(origin.authority, origin.host), origin.port


def _each(named: str | tuple[_N, ...] | None) -> tuple[str | _N, ...]:
    return (named,) if isinstance(named, str) else named or ()


def _pair(folder: Path, named: str | tuple[str, str]) -> tuple[Path, Path]:
    """Return certificate and key; where only one file is named it holds both."""
    certificate, key = (named, "") if isinstance(named, str) else named
    return folder / certificate, folder / (key or certificate)
