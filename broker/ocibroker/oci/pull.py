"""An artifact out of a registry, into files: Helm charts, files with titles, images as image layouts."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from ocibroker.broker import Broker
from ocibroker.errors import ConnectionFailed, OcibrokerError
from ocibroker.oci import layout
from ocibroker.oci.crew import Halt, work
from ocibroker.oci.descriptor import Descriptor
from ocibroker.oci.download import Download
from ocibroker.oci.manifest import Manifest
from ocibroker.oci.plan import Wanted, files
from ocibroker.oci.progress import Progress, Unseen
from ocibroker.oci.reference import Reference
from ocibroker.oci.repository import Repository
from ocibroker.oci.resolution import ANY, Wish, resolved
from ocibroker.oci.workspace import Workspace, holds

BLOBS: Final = 4
"""Blobs of one artifact at once: what a registry grants one client gladly."""
ARTIFACTS: Final = 4
"""Artifacts at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What a pull has written: ``reference`` with the tag that was chosen and the digest that it stood for.

    ``files`` are complete; of an image there is one, the folder of its layout. ``unnamed`` are layers without a
    title, beside others that have one: they are left out.
    """

    reference: Reference
    files: tuple[Path, ...]
    unnamed: tuple[Descriptor, ...] = ()


def pull(
    broker: Broker,
    reference: str | Reference,
    into: str | os.PathLike[str] = ".",
    wish: Wish = ANY,
    *,
    progress: Progress | None = None,
    halt: Halt | None = None,
) -> Pulled:
    """Fetch the artifact at ``reference`` into the folder ``into``, verified, and return what was written.

    A file gets its name when all of the artifact is complete. A broken connection is taken up where it broke, also
    by a later call for the same folder. At most :data:`BLOBS` blobs are fetched at once. ``halt`` ends the pull
    from another thread. Errors are :class:`~ocibroker.errors.OcibrokerError`.
    """
    with Workspace(Path(into)) as workspace:
        return _pull(broker, reference, workspace, wish, progress or Unseen(), halt or Halt())


def pull_many(
    broker: Broker,
    references: Iterable[str | Reference],
    into: str | os.PathLike[str] = ".",
    wish: Wish = ANY,
    *,
    progress: Progress | None = None,
    halt: Halt | None = None,
) -> tuple[Pulled | OcibrokerError, ...]:
    """Do the same for several artifacts, :data:`ARTIFACTS` at once, and return what became of each, in their order.

    One that fails does not stop the others.
    """
    outcomes: dict[int, Pulled | OcibrokerError] = {}
    halt, progress = halt or Halt(), progress or Unseen()

    def one(number: int, reference: str | Reference) -> None:
        try:
            outcomes[number] = _pull(broker, reference, workspace, wish, progress, halt)
        except OcibrokerError as error:
            outcomes[number] = error.restated()

    with Workspace(Path(into)) as workspace:
        work([partial(one, *pair) for pair in enumerate(references)], workers=ARTIFACTS, halt=halt)
    return tuple(outcome for _, outcome in sorted(outcomes.items()))


async def pull_async(
    broker: Broker,
    reference: str | Reference,
    into: str | os.PathLike[str] = ".",
    wish: Wish = ANY,
    *,
    progress: Progress | None = None,
) -> Pulled:
    """Do the same as :func:`pull` without blocking the event loop; being cancelled halts it."""
    import asyncio  # slow, and a command needs none of it

    halt, outcome = Halt(), Future[Pulled]()
    task = partial(pull, broker, reference, into, wish, progress=progress, halt=halt)
    threading.Thread(target=_settle, args=(outcome, task), name="ocibroker-pull", daemon=True).start()
    try:
        return await asyncio.wrap_future(outcome)
    except asyncio.CancelledError:
        halt.now()
        raise


def _pull(
    broker: Broker, reference: str | Reference, workspace: Workspace, wish: Wish, progress: Progress, halt: Halt
) -> Pulled:
    wanted = reference if isinstance(reference, Reference) else Reference.parse(reference)
    halt = Halt(halt)  # one artifact that fails halts its own blobs only
    with Repository(broker.access(wanted.target)) as repository:
        found, manifest = resolved(repository, wanted, wish)
        return _Pull(found, manifest, Download(repository, halt, progress), workspace).run(as_layout=wish.as_layout)


@dataclass(frozen=True, slots=True)
class _Pull:
    reference: Reference
    manifest: Manifest
    download: Download
    workspace: Workspace

    def run(self, *, as_layout: bool) -> Pulled:
        read = self.download.repository.read
        wanted = None if as_layout else files(self.manifest, read, culprit=str(self.reference))
        return self._layout() if wanted is None else self._files(wanted)

    def _files(self, wanted: Sequence[Wanted]) -> Pulled:
        paths = [self.workspace.folder / one.name for one in wanted]
        self._fetch([(one.name, one.blob, path) for one, path in zip(wanted, paths, strict=True)])
        taken = {one.blob.digest for one in wanted}
        unnamed = tuple(layer for layer in self.manifest.layers if layer.digest not in taken)
        return Pulled(reference=self.reference, files=tuple(paths), unnamed=unnamed)

    def _layout(self) -> Pulled:
        folder = self.workspace.folder / self.reference.target.path.rpartition("/")[2]
        manifests = list(layout.tree(self.download.repository, self.manifest))
        blobs = {blob.digest: blob for manifest in manifests for blob in manifest.blobs}
        self._fetch(
            [(str(blob.digest)[:19], blob, layout.blob_path(folder, blob.digest)) for blob in blobs.values()]
        )
        for manifest in manifests:
            self.workspace.write(manifest.content, layout.blob_path(folder, manifest.digest))
        self.workspace.write(layout.MARKER, folder / "oci-layout")
        # Last: before it, nothing in the folder is an image.
        index = layout.index(folder / "index.json", self.manifest.descriptor, self.reference.tag)
        self.workspace.write(index, folder / "index.json")
        return Pulled(reference=self.reference, files=(folder,))

    def _fetch(self, wanted: Sequence[tuple[str, Descriptor, Path]]) -> None:
        """Have each blob at its path; none gets its name before all are complete."""
        missing = [one for one in wanted if not holds(one[2], one[1])]
        growing = {path: self.workspace.growing(blob, path) for _, blob, path in missing}
        largest_first = sorted(missing, key=lambda one: one[1].size, reverse=True)
        tasks = [partial(self.download.into, growing[path], blob, name) for name, blob, path in largest_first]
        try:
            work(tasks, workers=BLOBS, halt=self.download.halt)
        except ConnectionFailed:
            for path in growing.values():
                self.workspace.leave(path)
            raise
        for _, blob, path in missing:
            self.workspace.publish(blob, path)


def _settle(outcome: Future[Pulled], task: Callable[[], Pulled]) -> None:
    try:
        result = task()
    except BaseException as error:  # noqa: BLE001  # raised again by who waits
        outcome.set_exception(error)
    else:
        outcome.set_result(result)
