"""The index of a Helm repository: which charts it has, in which versions, and where.

Follows ``IndexFile`` of Helm 3.17 (``pkg/repo/index.go``). An entry whose name or version is none is left out, as
there; unknown keys, and a missing ``apiVersion``, are not minded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import msgspec

from ocibroker.bundle.yaml_document import decode
from ocibroker.errors import IntegrityError, InvalidValue, NotFound
from ocibroker.host import shown
from ocibroker.oci.digest import Digest
from ocibroker.oci.version import Version
from ocibroker.oci.version_range import select

LARGEST: Final = 64 * 1024**2
"""Bytes of an index; the largest public ones have some 20 MB."""
MOST_URLS: Final = 8
"""URLs of one version; others are not tried."""


class _Entry(msgspec.Struct):
    name: str | None = None
    version: str | None = None
    urls: list[str] | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a chart; ``urls`` are tried in this order, relative ones from the index on."""

    version: str
    urls: tuple[str, ...]
    digest: Digest | None


@dataclass(frozen=True, slots=True)
class Index:
    """``entries`` are the versions of each chart, unchecked; ``culprit`` says where the index is."""

    entries: Mapping[str, list[Any]]
    culprit: str

    @classmethod
    def decode(cls, content: bytes, culprit: str) -> Self:
        """Return the index that ``content`` is, or raise :class:`~ocibroker.errors.IntegrityError`."""
        whole = _as_json(content) or decode(content, culprit)
        entries = whole.get("entries", "") if isinstance(whole, dict) else ""
        entries = {} if entries is None else entries
        if not isinstance(entries, dict) or not all(isinstance(one, list | None) for one in entries.values()):
            why, hint = "is no index of a Helm repository", "see what that URL serves"
            raise IntegrityError(why, culprit=culprit, hint=hint)
        lists = {id(one): one for one in entries.values()}  # by aliases many names may have the same one
        kept = {key: _kept(one or []) for key, one in lists.items()}
        return cls({name: kept[id(one)] for name, one in entries.items()}, culprit)

    def find(self, chart: str, wanted: str, *, devel: bool = False) -> Release:
        """Return the release of ``chart`` that Helm takes for the version or range ``wanted``.

        Raises :class:`~ocibroker.errors.NotFound`, :class:`~ocibroker.errors.InvalidTarget` for a range that is
        none, and :class:`~ocibroker.errors.IntegrityError` for an entry that is malformed.
        """
        found = tuple(self._versions(chart))
        if not found:
            hint = "check the name of the chart, and the URL of the repository"
            raise NotFound(f"has no version of the chart {shown(chart)}", culprit=self.culprit, hint=hint)
        listed = [(version, entry.version or "") for version, entry in found]
        chosen = select(wanted, listed, devel=devel)
        return self._release(chart, next(entry for _, entry in found if entry.version == chosen))

    def _versions(self, chart: str) -> Iterator[tuple[Version, _Entry]]:
        for one in self.entries.get(chart, ()):
            try:
                entry = msgspec.convert(one or {}, _Entry)
            except msgspec.ValidationError:
                raise self._malformed(chart) from None
            version = Version.loose(entry.version or "")
            if version and entry.name and "/" not in entry.name:
                yield version, entry

    def _release(self, chart: str, entry: _Entry) -> Release:
        if not entry.urls:
            why = f"names no URL for {chart} {entry.version}"
            raise IntegrityError(why, culprit=self.culprit, hint="ask for another version")
        digest = (entry.digest or "").lower()
        try:
            known = Digest.parse(digest if ":" in digest else f"sha256:{digest}") if digest else None
        except InvalidValue:
            raise self._malformed(chart) from None
        return Release(entry.version or "", tuple(entry.urls[:MOST_URLS]), known)

    def _malformed(self, chart: str) -> IntegrityError:
        why = f"has a malformed entry for {shown(chart)}: its version, its URLs or its digest"
        return IntegrityError(why, culprit=self.culprit, hint="have the repository's index made anew")


def _kept(versions: list[Any]) -> list[Any]:
    """Return of each version what is ever looked at: a run keeps it for all charts of the repository."""
    names = _Entry.__struct_fields__
    return [
        {name: one[name] for name in names if name in one} if isinstance(one, dict) else one for one in versions
    ]


def _as_json(content: bytes) -> Any:  # noqa: ANN401  # what others have written
    """Return what ``content`` says if it is an object of JSON, which Helm writes and reads too."""
    if not content.lstrip().startswith(b"{"):
        return None
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
