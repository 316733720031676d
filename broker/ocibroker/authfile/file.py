"""An authentication file as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Self, TypeVar

import msgspec

from ocibroker.authfile.entry import decode_entry
from ocibroker.authfile.key import key_of, matching, places
from ocibroker.authfile.login import Login
from ocibroker.authfile.reading import read_file
from ocibroker.errors import ConfigurationError, InvalidValue
from ocibroker.target import Target

T = TypeVar("T")


class _Document(msgspec.Struct):
    auths: dict[str, msgspec.Raw] | None = None
    credHelpers: dict[str, msgspec.Raw] | None = None  # noqa: N815  # the file's own spelling
    credsStore: str | None = None  # noqa: N815


@dataclass(frozen=True, slots=True)
class AuthFile:
    """Docker's ``config.json``, Podman's ``auth.json``, or ocibroker's own.

    An entry is looked at only when it is asked for, so that a broken one stands in nobody else's way. ``source`` is
    the file's name in errors; ``store`` is ``credsStore``, empty where there is none.
    """

    source: str
    store: str = ""
    _auths: Mapping[str, msgspec.Raw] = field(default_factory=dict, repr=False)
    _helpers: Mapping[str, msgspec.Raw] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, path: Path, *, legacy: bool = False) -> Self:
        """Return the file at ``path``; one that is missing or empty has no entries.

        ``legacy`` is the form of ``~/.dockercfg``: the entries without ``auths`` around them. Raises
        :class:`~ocibroker.errors.ConfigurationError` for one that cannot be read.
        """
        return cls._decoded(read_file(path) or b"", str(path), legacy=legacy)

    @classmethod
    def parse(cls, text: bytes | str, *, source: str, legacy: bool = False) -> Self:
        """Return the file that ``text`` is, as in ``DOCKER_AUTH_CONFIG``; ``source`` is named in errors.

        ``legacy`` is as for :meth:`read`. Raises :class:`~ocibroker.errors.ConfigurationError`.
        """
        return cls._decoded(
            text if isinstance(text, bytes) else text.encode(errors="replace"), source, legacy=legacy
        )

    def login(self, target: Target) -> Login | None:
        """Return the most specific entry for ``target``, or none.

        Raises :class:`~ocibroker.errors.ConfigurationError` for an entry that is broken.
        """
        for place in places(target):
            if keys := matching(self._auths, place, target):
                return self._at(keys[0])
        return None

    def logins(self, target: Target) -> tuple[Login, ...]:
        """Return the entries for exactly ``target``, however spelt; a broken one is a login without secret."""
        return tuple(self._whole(key) for key in matching(self._auths, key_of(target), target))

    def helper(self, target: Target) -> str:
        """Return the suffix of the credential helper for the host of ``target``; empty where there is none.

        Raises :class:`~ocibroker.errors.ConfigurationError` for one that is not text.
        """
        keys = matching(self._helpers, target.registry, target)
        if not keys:
            return self.store
        return _convert(self._helpers[keys[0]], str, f"{self.source}: credHelpers[{keys[0]!r}]")

    @property
    def helpers(self) -> Mapping[str, str]:
        """The credential helpers by the host that the file names, without what is not text."""
        return MappingProxyType({host: name for host in self._helpers if (name := self._named(host)) is not None})

    def _named(self, host: str) -> str | None:
        try:
            return _convert(self._helpers[host], str, self.source)
        except ConfigurationError:
            return None

    def _at(self, key: str) -> Login:
        try:
            return decode_entry(key, self._auths[key])
        except InvalidValue as error:
            why = error.message
        raise ConfigurationError(
            why, culprit=f"{self.source}: auths[{key!r}]", hint="log in again, or correct the entry"
        )

    def _whole(self, key: str) -> Login:
        try:
            return self._at(key)
        except ConfigurationError:
            return Login(key)

    @classmethod
    def _decoded(cls, text: bytes, source: str, *, legacy: bool = False) -> Self:
        if not text.strip():
            return cls(source)
        if legacy:
            return cls(source, _auths=_convert(text, dict[str, msgspec.Raw], source))
        document = _convert(text, _Document, source)
        return cls(source, document.credsStore or "", document.auths or {}, document.credHelpers or {})


def _convert(text: bytes | msgspec.Raw, kind: type[T], culprit: str) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError:
        why = "is not of the form of Docker's config.json"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        why = "is not JSON"
    raise ConfigurationError(why, culprit=culprit, hint="correct it, or move it away")
