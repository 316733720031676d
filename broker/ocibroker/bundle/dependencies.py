"""The charts that charts depend on, fetched into ``charts/`` as Helm does, each by its own access.

As Fleet does it: a folder with a ``Chart.yaml`` is completed if ``charts/`` lacks one of its dependencies by name;
what is there stays. The lock decides where it was made for these dependencies (``helm dependency build``), else the
highest version in the range (``helm dependency update``). Charts in archives are left as they are, and no lock is
written.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from ocibroker.bundle.artifact import read_artifact
from ocibroker.bundle.bundle import Bundle
from ocibroker.bundle.chart import read_chart
from ocibroker.bundle.chart_archive import METADATA, metadata_in
from ocibroker.bundle.chart_metadata import chart_of, dependencies_of, text_of
from ocibroker.bundle.dependency import Dependency, source_of
from ocibroker.bundle.packed import pack
from ocibroker.bundle.reading import Reading
from ocibroker.bundle.source import ChartSource
from ocibroker.bundle.tree import listed
from ocibroker.errors import IntegrityError, NotFound, UsageError
from ocibroker.host import shown
from ocibroker.oci.filename import checked
from ocibroker.oci.version import Version
from ocibroker.oci.version_range import select
from ocibroker.writing import writing

VENDORED: Final = "charts"

_FILE: Final = "file://"


def completed(bundle: Bundle, reading: Reading) -> Bundle:
    """Return ``bundle`` with what its charts depend on and do not hold.

    Raises :class:`~ocibroker.errors.OcibrokerError`.
    """
    work = _Completion(bundle, reading)
    folders = [bundle.root / one for one in bundle.files if one.rpartition("/")[2] == METADATA]
    for folder in folders:
        work.complete(folder.parent)
    return replace(bundle, files=listed(bundle.root, reading.limits, str(bundle.source)))


@dataclass(frozen=True, slots=True)
class _Completion:
    bundle: Bundle
    reading: Reading
    begun: set[Path] = field(default_factory=set)

    def complete(self, chart: Path) -> None:
        """Fetch what the folder ``chart`` lacks, once: charts that depend on each other are no loop."""
        if chart in self.begun:
            return
        self.begun.add(chart)
        wanted = dependencies_of(chart, self._culprit(chart))
        held = set(self._held(chart / VENDORED)) if wanted else set()
        for one in wanted:
            if one.name not in held:
                self._add(one, chart)

    def _held(self, folder: Path) -> Iterator[str]:
        """Yield the names of the charts in ``folder``, unpacked or packed."""
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            culprit = self._culprit(path)
            if path.name.startswith((".", "_")):
                continue
            if (path / METADATA).is_file():
                yield chart_of(text_of(path / METADATA, culprit), culprit).name
            elif path.name.endswith(".tgz"):
                yield chart_of(metadata_in(path, self.reading, culprit), culprit).name

    def _add(self, wanted: Dependency, chart: Path) -> None:
        culprit = f"{self._culprit(chart)}, which depends on {shown(wanted.name)}"
        archive = (
            self._packed(wanted, chart, culprit)
            if wanted.repository.startswith(_FILE)
            else self._fetched(wanted, culprit)
        )
        place = chart / VENDORED / checked(archive.name, culprit=culprit)
        with writing(place):
            place.parent.mkdir(exist_ok=True)
            archive.replace(place)

    def _fetched(self, wanted: Dependency, culprit: str) -> Path:
        """Return the archive of ``wanted``, out of a repository, as any source is read."""
        source = source_of(wanted, culprit)
        reading = replace(self.reading, folder=self._folder(), unpack=False, dependencies=False)
        if isinstance(source, ChartSource):
            return read_chart(source, reading).root
        bundle = read_artifact(source, reading)
        if bundle.chart is None:
            raise IntegrityError("is no chart", culprit=str(source), hint="see what lies there")
        return bundle.root

    def _packed(self, wanted: Dependency, chart: Path, culprit: str) -> Path:
        """Return an archive of ``wanted``, which lies beside ``chart`` in the same bundle."""
        path = (chart / wanted.repository.removeprefix(_FILE)).resolve()
        root = self.bundle.root.resolve()
        if not path.is_relative_to(root):
            hint = "read the folder that holds both charts"
            raise UsageError("lies outside of what is read", culprit=culprit, hint=hint)
        text = text_of(path / METADATA, culprit)
        if not text:
            raise NotFound(f"has no chart in {wanted.repository!r}", culprit=culprit, hint="check its repository")
        found = chart_of(text, culprit)
        version = Version.loose(found.version)
        select(wanted.version, [(version, found.version)] if version else [])
        self.complete(self.bundle.root / path.relative_to(root))
        name = checked(f"{found.name}-{found.version}.tgz", culprit=culprit)
        return pack(path, found.name, self._folder() / name, self.reading, culprit)

    def _folder(self) -> Path:
        with writing(self.reading.folder):
            return Path(tempfile.mkdtemp(dir=self.reading.folder))

    def _culprit(self, path: Path) -> str:
        below = path.relative_to(self.bundle.root).as_posix()
        return str(self.bundle.source) if below == "." else f"{self.bundle.source}: {below}"
