"""Which function reads which kind of source: the one table of them.

Each is ``(source, reading) -> Bundle`` in a module of its own, which is imported when it is used. The bundle's root
lies in ``reading.folder``, by the name that it is to have in the end; a later rename gives it its place.
"""

from __future__ import annotations

from typing import assert_never

from ocibroker.bundle.bundle import Bundle
from ocibroker.bundle.chart_archive import METADATA
from ocibroker.bundle.reading import Reading
from ocibroker.bundle.source import ArchiveSource, ChartSource, GitSource, LocalSource, OCISource, Source


def read_source(source: Source, reading: Reading) -> Bundle:
    """Read ``source`` into ``reading.folder``, and what its charts depend on where ``reading`` wants that.

    Errors are :class:`~ocibroker.errors.OcibrokerError`.
    """
    bundle = _read(source, reading)
    if not reading.dependencies or not any(one.rpartition("/")[2] == METADATA for one in bundle.files):
        return bundle
    from ocibroker.bundle.dependencies import completed

    return completed(bundle, reading)


def _read(source: Source, reading: Reading) -> Bundle:
    match source:
        case OCISource():
            from ocibroker.bundle.artifact import read_artifact

            return read_artifact(source, reading)
        case ChartSource():
            from ocibroker.bundle.chart import read_chart

            return read_chart(source, reading)
        case ArchiveSource():
            from ocibroker.bundle.archive import read_archive

            return read_archive(source, reading)
        case GitSource():
            from ocibroker.bundle.git import read_git

            return read_git(source, reading)
        case LocalSource():
            from ocibroker.bundle.local import read_local

            return read_local(source, reading)
        case _:
            assert_never(source)
