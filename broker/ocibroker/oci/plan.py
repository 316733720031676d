"""What becomes of an artifact: which of its blobs are files, and how they are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from ocibroker.errors import IntegrityError
from ocibroker.oci.descriptor import Descriptor
from ocibroker.oci.filename import checked
from ocibroker.oci.manifest import Manifest
from ocibroker.oci.media_type import HELM_CHART, HELM_CONFIG, HELM_PROVENANCE
from ocibroker.oci.reference import Reference
from ocibroker.oci.tag import untagged, version_of

LARGEST_CONFIG: Final = 1024 * 1024
"""Bytes of a chart's metadata: Helm itself takes far less."""


class _Metadata(msgspec.Struct):
    """What of a ``Chart.yaml``, which is the config of a chart, makes the name of its file where no tag does."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A blob that becomes the file ``name``."""

    name: str
    blob: Descriptor


def files(
    manifest: Manifest, reference: Reference, read: Callable[[Descriptor, int], bytes]
) -> tuple[Wanted, ...] | None:
    """Return the files that ``manifest``, behind ``reference``, holds: a chart's archive, or layers with a title.

    None where nothing in it has a name: an image, an index, a signature. ``read`` fetches a small blob. Raises
    :class:`~ocibroker.errors.IntegrityError` for names that are no plain file names, or the same twice.
    """
    if manifest.config and is_chart(manifest):
        name = _tagged(reference) or _described(read(manifest.config, LARGEST_CONFIG), str(reference))
        found = _chart(manifest, f"{name}.tgz", str(reference))
    else:
        found = [Wanted(layer.title, layer) for layer in manifest.layers if layer.title is not None]
    return _distinct(found, str(reference)) if found else None


def is_chart(manifest: Manifest) -> bool:
    """Whether it is a Helm chart's."""
    return manifest.config is not None and manifest.config.media_type == HELM_CONFIG


def _tagged(reference: Reference) -> str:
    """Return the name of a chart's file by its repository and tag, as Helm makes it; none for a tag of no version.

    Follows ``ChartDownloader.DownloadTo`` of Helm: the chart's config plays no part, and need not be fetched.
    """
    name = reference.target.path.rpartition("/")[2]
    return f"{name}-{untagged(reference.tag)}" if version_of(reference.tag) else ""


def _described(config: bytes, culprit: str) -> str:
    """Return the name of a chart's file by what its config says."""
    try:
        metadata = msgspec.json.decode(config, type=_Metadata)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise IntegrityError("the chart's config is not a chart's metadata", culprit=culprit) from None
    return f"{metadata.name}-{metadata.version}"


def _chart(manifest: Manifest, name: str, culprit: str) -> list[Wanted]:
    """Return the archive, which is to be called ``name``, and its provenance file where there is one."""
    archives = [layer for layer in manifest.layers if layer.media_type == HELM_CHART]
    provenances = [layer for layer in manifest.layers if layer.media_type == HELM_PROVENANCE]
    if len(archives) != 1 or len(provenances) > 1:
        raise IntegrityError(f"a chart with {len(archives)} archives", culprit=culprit)
    return [*(Wanted(name, layer) for layer in archives), *(Wanted(f"{name}.prov", layer) for layer in provenances)]


def _distinct(found: Iterable[Wanted], culprit: str) -> tuple[Wanted, ...]:
    by_name: dict[str, Wanted] = {}
    for one in found:
        other = by_name.setdefault(checked(one.name, culprit=culprit), one)
        if other.blob.digest != one.blob.digest:
            raise IntegrityError(f"names two files {one.name!r}", culprit=culprit)
    return tuple(by_name.values())
