"""One artifact on its way into files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from ocibroker.errors import ConnectionFailed, UsageError
from ocibroker.oci import layout
from ocibroker.oci.crew import work
from ocibroker.oci.descriptor import Descriptor
from ocibroker.oci.digest import Digest
from ocibroker.oci.download import Download
from ocibroker.oci.exclusive import locked
from ocibroker.oci.manifest import Manifest
from ocibroker.oci.partial import Partial
from ocibroker.oci.plan import Wanted, files, is_chart
from ocibroker.oci.reference import Reference
from ocibroker.oci.workspace import Workspace, holds

BLOBS: Final = 4
"""Blobs of one artifact at once: what a registry grants one client gladly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What a pull has written: ``reference`` with the tag that was chosen and the digest that it stood for.

    ``files`` are complete; of an image there is one, the folder of its layout. ``unnamed`` are layers without a
    title, beside others that have one: they are left out. ``is_chart`` is whether the first of ``files`` is the
    archive of a Helm chart.
    """

    reference: Reference
    files: tuple[Path, ...]
    unnamed: tuple[Descriptor, ...] = ()
    is_chart: bool = False


@dataclass(frozen=True, slots=True)
class Artifact:
    """What ``reference`` stands for, and what is needed to fetch and to write it."""

    reference: Reference
    manifest: Manifest
    download: Download
    workspace: Workspace

    def write(self, *, as_layout: bool) -> Pulled:
        """Fetch it: into its named files, or into an image layout where it has none.

        Raises :class:`~ocibroker.errors.OcibrokerError`.
        """
        read = self.download.repository.read
        wanted = None if as_layout else files(self.manifest, self.reference, read)
        return self._layout() if wanted is None else self._files(wanted)

    def _files(self, wanted: Sequence[Wanted]) -> Pulled:
        paths = [self.workspace.folder / one.name for one in wanted]
        for one, path in zip(wanted, paths, strict=True):
            self._claim(str(path), one.blob.digest)
        self._fetch([(one.name, one.blob, path) for one, path in zip(wanted, paths, strict=True)])
        taken = {one.blob.digest for one in wanted}
        unnamed = tuple(layer for layer in self.manifest.layers if layer.digest not in taken)
        chart = is_chart(self.manifest)
        return Pulled(reference=self.reference, files=tuple(paths), unnamed=unnamed, is_chart=chart)

    def _layout(self) -> Pulled:
        folder = self.workspace.folder / self.reference.target.path.rpartition("/")[2]
        path, entry = folder / "index.json", (self.manifest.descriptor, self.reference.tag)
        if self.reference.tag:
            self._claim(f"{folder}:{self.reference.tag}", self.manifest.digest)
        layout.index(path, *entry)  # what is no layout is refused before anything is fetched into it
        manifests = list(layout.tree(self.download.repository, self.manifest, self.download.halt))
        blobs = {blob.digest: blob for manifest in manifests for blob in manifest.blobs}
        self._fetch(
            [(str(blob.digest)[:19], blob, layout.blob_path(folder, blob.digest)) for blob in blobs.values()]
        )
        for manifest in manifests:
            self._write(manifest.content, layout.blob_path(folder, manifest.digest))
        self._write(layout.MARKER, folder / "oci-layout")
        # Last: before it, nothing in the folder is an image. Another run may be adding one of its own.
        with locked(folder, self.download.halt):
            self._write(layout.index(path, *entry), path)
        return Pulled(reference=self.reference, files=(folder,))

    def _claim(self, place: str, digest: Digest) -> None:
        """Raise :class:`~ocibroker.errors.UsageError` where another artifact of the same run is to be there."""
        if not self.workspace.claim(place, digest):
            why = f"would replace what this run writes to {place}"
            raise UsageError(why, culprit=str(self.reference), hint="pull it into another folder")

    def _fetch(self, wanted: Sequence[tuple[str, Descriptor, Path]]) -> None:
        """Have each blob at its path; none gets its name before all are complete."""
        missing = [one for one in wanted if not holds(one[2], one[1])]
        largest_first = sorted(missing, key=lambda one: one[1].size, reverse=True)
        grown: dict[Path, Partial] = {}
        grow = partial(self._grow, grown)
        try:
            work([partial(grow, *one) for one in largest_first], workers=BLOBS, halt=self.download.halt)
        except ConnectionFailed:
            for _, blob, path in missing:
                self.workspace.leave(blob, path)
            raise
        self.download.halt.check()
        publish = partial(self.workspace.publish, halt=self.download.halt)
        lost = [one for one in missing if not publish(grown[one[2]], one[2])]
        if lost:
            self._fetch(lost)

    def _grow(self, grown: dict[Path, Partial], name: str, blob: Descriptor, path: Path) -> None:
        with self.workspace.grow(blob, path, self.download.halt) as growing:
            self.download.into(growing, name)
        grown[path] = growing

    def _write(self, content: bytes, path: Path) -> None:
        self.workspace.write(content, path, self.download.halt)
