"""From a file to values that the broker can be made of; everything that can be checked is checked here."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ocibroker.config.where import find
from ocibroker.errors import ConfigurationError, OcibrokerError
from ocibroker.ownership import others_write
from ocibroker.providers import Providers, load

if TYPE_CHECKING:
    from ocibroker.config.schema import Document, StoreName
    from ocibroker.config.shared import SharedStore
    from ocibroker.config.sidecar import SidecarSettings
    from ocibroker.config.source import Source
    from ocibroker.rule import Rule
    from ocibroker.tls import TLSEntry

_SHOWN: Final = 12
"""Hexadecimal digits of the file's digest: enough to tell one from another."""

_LOCAL: Final[Mapping[str, StoreName]] = MappingProxyType({"memory": "memory", "file": "file"})


@dataclass(frozen=True, slots=True)
class Config:
    """What the configuration says, checked. ``path`` is none where there is no file, which is fine.

    ``store`` is none where it does not say where answers are kept, and where ``shared`` does. ``serving`` is none
    where it says nothing of it: :attr:`sidecar` is what holds then too. ``digest`` tells one file from another.
    """

    path: Path | None
    rules: tuple[Rule, ...]
    tls: tuple[TLSEntry, ...]
    providers: Providers
    store: StoreName | None = None
    serving: SidecarSettings | None = None
    shared: SharedStore | None = None
    digest: str = ""

    @property
    def sidecar(self) -> SidecarSettings:
        """What ``ocibroker serve`` does."""
        from ocibroker.config.sidecar import SidecarSettings  # here, since nobody else needs it

        return self.serving or SidecarSettings()


def load_config(
    path: str | os.PathLike[str] | None, environ: Mapping[str, str], *, plugins: Iterable[object] = ()
) -> Config:
    """Read the configuration at ``path``, else where :func:`ocibroker.config.where.find` finds one.

    ``plugins`` are loaded beside the built-in ones without being installed. Raises
    :class:`~ocibroker.errors.ConfigurationError` that names the file, the key and, where it can, the next step.
    """
    place = Path(path) if path is not None else find(environ)
    if place is None:
        return Config(None, (), (), load(given=plugins))
    try:
        return _load(place, environ, tuple(plugins))
    except OcibrokerError as error:
        # Without the frames below, whose local variables hold the text of the file.
        failure = error.restated()
    raise failure


def _load(place: Path, environ: Mapping[str, str], plugins: tuple[object, ...]) -> Config:
    from ocibroker.config.decode import decode, parse
    from ocibroker.config.schema import Document
    from ocibroker.config.source import Source
    from ocibroker.config.tls import entries

    text = _read(place)
    document = decode(parse(text, str(place)), Document, culprit=str(place), text=text)
    source = Source(place, text, environ)
    named = [table.provider for table in document.registry]
    providers = load([*document.plugins.enable, *named], given=plugins)
    return Config(
        place,
        _rules(document, providers, source),
        entries(document.tls, source),
        providers,
        _LOCAL.get(document.cache.store or ""),
        _serving(document, source),
        _shared(document, source),
        hashlib.sha256(text.encode()).hexdigest()[:_SHOWN],
    )


def _rules(document: Document, providers: Providers, source: Source) -> tuple[Rule, ...]:
    if not document.registry:
        return ()
    from ocibroker.config.registries import rules  # here and below: what the file does not say takes no time

    return rules(document.registry, providers, source)


def _serving(document: Document, source: Source) -> SidecarSettings | None:
    if document.sidecar == type(document.sidecar)():
        return None
    from ocibroker.config.sidecar import sidecar

    return sidecar(document.sidecar, source)


def _shared(document: Document, source: Source) -> SharedStore | None:
    if document.cache == type(document.cache)():
        return None
    from ocibroker.config.shared import shared_store

    return shared_store(document.cache, source)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            _check_mode(path, os.fstat(file.fileno()))
            return file.read().decode()
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        why = "is not UTF-8"
    raise ConfigurationError(why, culprit=str(path), hint="correct the path, the mode or the file")


def _check_mode(path: Path, found: os.stat_result) -> None:
    """Refuse a file that somebody else could write: it decides where secrets go."""
    if os.name == "posix" and others_write(found):
        raise ConfigurationError("can be written by others", culprit=str(path), hint=f"chmod go-w {path}")
