"""An OCI image layout: a registry's content as files (OCI image specification 1.1, ``image-layout.md``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from ocibroker.errors import IntegrityError, NotFound, WriteFailed
from ocibroker.oci.descriptor import Descriptor, Platform
from ocibroker.oci.digest import Digest
from ocibroker.oci.halt import Halt
from ocibroker.oci.manifest import Manifest
from ocibroker.oci.repository import Repository

REF_NAME: Final = "org.opencontainers.image.ref.name"
MARKER: Final = b'{"imageLayoutVersion": "1.0.0"}'
MOST: Final = 4096
LARGEST: Final = 64 * 1024 * 1024
"""Manifests behind one reference, and their bytes: an index of indexes must not go on for ever."""


def blob_path(folder: Path, digest: Digest) -> Path:
    """Return where a blob lies in the layout at ``folder``."""
    return folder / "blobs" / digest.algorithm / digest.encoded


def tree(repository: Repository, root: Manifest, halt: Halt) -> Iterator[Manifest]:
    """Yield ``root`` and every manifest that it names, directly or not, each once."""
    manifest, seen, waiting, size = root, {root.digest}, list[Digest](), 0
    while True:
        yield manifest
        new = dict.fromkeys(child.digest for child in manifest.manifests if child.digest not in seen)
        seen.update(new)
        waiting.extend(new)
        size += len(manifest.content)
        if len(seen) > MOST or size > LARGEST:
            why = f"names more than {MOST} manifests, or {LARGEST} bytes of them"
            raise IntegrityError(why, culprit=str(root.digest))
        if not waiting:
            return
        halt.check()
        manifest = repository.manifest(waiting.pop())


def only(manifest: Manifest, platform: Platform, *, culprit: str) -> Descriptor:
    """Return the one manifest of an index that is for ``platform``.

    Raises :class:`~ocibroker.errors.NotFound` that says which there are.
    """
    for one in manifest.manifests:
        if one.platform and one.platform.suits(platform):
            return one
    there = ", ".join(sorted({str(one.platform) for one in manifest.manifests if one.platform}))
    hint = f"there is {there}" if there else "none of it is for a platform"
    raise NotFound(f"has nothing for {platform}", culprit=culprit, hint=hint)


def index(path: Path, entry: Descriptor, name: str) -> bytes:
    """Return the layout's ``index.json`` with ``entry`` under ``name``; what else it lists is kept.

    Raises :class:`~ocibroker.errors.WriteFailed` for a file at ``path`` that is no index.
    """
    document = _read(path)
    said = {"mediaType": entry.media_type, "digest": str(entry.digest), "size": entry.size}
    if name:
        said["annotations"] = {REF_NAME: name}
    document["manifests"] = [*_others(document["manifests"], said, name), said]
    return msgspec.json.format(msgspec.json.encode(document), indent=2)


def _read(path: Path) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(path.read_bytes())
    except FileNotFoundError:
        return {"schemaVersion": 2, "manifests": []}
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("manifests"), list):
        raise WriteFailed("is no index of an image layout", culprit=str(path), hint="choose another folder")
    return document


def _others(manifests: Iterable[Any], entry: dict[str, Any], name: str) -> Iterator[Any]:
    for one in manifests:
        known = one if isinstance(one, dict) else {}
        annotations = known.get("annotations")
        named = annotations.get(REF_NAME, "") if isinstance(annotations, dict) else ""
        if named != name or (not name and known.get("digest") != entry["digest"]):
            yield one
