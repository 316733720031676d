"""Archives and files by HTTP."""

from __future__ import annotations

from pathlib import Path

from ocibroker.bundle.bundle import Bundle
from ocibroker.bundle.download import download
from ocibroker.bundle.kind import KINDS, Kind, kind_of, stem_of
from ocibroker.bundle.reading import Reading
from ocibroker.bundle.source import AS_IT_IS, ArchiveSource
from ocibroker.bundle.tree import below, listed
from ocibroker.bundle.unpack import unpack
from ocibroker.errors import UsageError
from ocibroker.oci.filename import checked


def read_archive(source: ArchiveSource, reading: Reading) -> Bundle:
    """Fetch ``source``, check it, and unpack it if it is an archive. Errors are typed."""
    culprit = str(source)
    kind, name = _kind(source), _name(source)
    fetched = reading.folder / "fetched" / name
    digest = download(source.link, fetched, reading, source.checksum)
    resolved = f"{source} ({digest})"
    if kind is None:
        return Bundle(source=source, root=fetched, files=(), resolved=resolved)
    root = _unpacked(source, fetched, kind, reading)
    files = listed(root, reading.limits, culprit) if root.is_dir() else ()
    return Bundle(source=source, root=root, files=files, resolved=resolved)


def _unpacked(source: ArchiveSource, fetched: Path, kind: Kind, reading: Reading) -> Path:
    tree = reading.folder / "unpacked" / stem_of(fetched.name)
    unpack(fetched, kind, tree, reading, str(source))
    fetched.unlink()
    return below(tree, source.subdir, str(source))


def _kind(source: ArchiveSource) -> Kind | None:
    if source.archive == AS_IT_IS:
        return None
    kind = KINDS[source.archive] if source.archive else kind_of(source.link.filename)
    if kind is None and source.subdir:
        hint = f"say what it is: ?archive={'|'.join(KINDS)}"
        raise UsageError("has no folders: by its name it is no archive", culprit=str(source), hint=hint)
    return kind


def _name(source: ArchiveSource) -> str:
    if not source.link.filename:
        raise UsageError("names no file", culprit=str(source), hint="write the whole URL")
    return checked(source.link.filename, culprit=str(source))
