"""From a file to values that the broker can be made of; everything that can be checked is checked here."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ocibroker.config.decode import decode, parse
from ocibroker.config.registries import rules
from ocibroker.config.schema import Document
from ocibroker.config.source import Source
from ocibroker.config.tls import entries
from ocibroker.config.where import find
from ocibroker.errors import ConfigurationError
from ocibroker.providers import Providers, load
from ocibroker.rule import Rule
from ocibroker.tls import TLSEntry

_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class Config:
    """What the configuration says, checked. ``path`` is none where there is no file, which is fine."""

    path: Path | None
    rules: tuple[Rule, ...]
    tls: tuple[TLSEntry, ...]
    providers: Providers


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
    text = _read(place)
    document = decode(parse(text, str(place)), Document, culprit=str(place), text=text)
    source = Source(place, text, environ)
    providers = _providers(document, tuple(plugins))
    return Config(place, rules(document.registry, providers, source), entries(document.tls, source), providers)


def _providers(document: Document, given: tuple[object, ...]) -> Providers:
    """Load what the configuration names: what is neither built in nor given must be installed."""
    offered = load(given=given).loaded
    named = [table.provider for table in document.registry if table.provider not in offered]
    return load([*document.plugins.enable, *named], given=given)


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
    if os.name == "posix" and found.st_mode & _OTHERS_WRITE:
        raise ConfigurationError("can be written by others", culprit=str(path), hint=f"chmod go-w {path}")
