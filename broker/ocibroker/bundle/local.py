"""Folders and files of this machine, copied: what was read does not change afterwards."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path
from typing import IO, Final, cast

from ocibroker.bundle.bundle import Bundle
from ocibroker.bundle.decompression import Metered
from ocibroker.bundle.entry import refused
from ocibroker.bundle.meter import Meter
from ocibroker.bundle.reading import Reading
from ocibroker.bundle.source import LocalSource
from ocibroker.bundle.tree import listed
from ocibroker.errors import UsageError

LEFT_OUT: Final = frozenset({".git"})
"""Not content, and git keeps credentials there."""


def read_local(source: LocalSource, reading: Reading) -> Bundle:
    """Copy ``source``. A link in a folder stays one, and must not lead out of it.

    Raises :class:`~ocibroker.errors.OcibrokerError`.
    """
    path, culprit = source.path.absolute(), str(source)
    root = reading.folder / (path.resolve().name or "root")
    meter = Meter(reading, reading.limits.unpacked, culprit)
    try:
        real = path.resolve(strict=True)  # whatever links are in the path itself
        if root.resolve().is_relative_to(real):
            hint = "choose a folder elsewhere"
            raise UsageError("holds the folder that it is to be copied to", culprit=culprit, hint=hint)
        _copy(real, root, meter, culprit)
    except OSError as error:
        why = f"cannot be copied: {error.strerror}"
    else:
        files = listed(root, reading.limits, culprit) if root.is_dir() else ()
        return Bundle(source=source, root=root, files=files, resolved=culprit)
    raise UsageError(why, culprit=culprit, hint="check the path, and that you may read all of it")


def _copy(path: Path, place: Path, meter: Meter, culprit: str) -> None:
    meter.enter()
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        place.symlink_to(path.readlink())
    elif stat.S_ISDIR(mode):
        place.mkdir()
        for one in path.iterdir():
            if one.name not in LEFT_OUT:
                _copy(one, place / one.name, meter, culprit)
    elif stat.S_ISREG(mode):
        _copy_file(path, place, mode, meter)
    else:
        raise refused(path.name, "is neither a file nor a folder", culprit)


def _copy_file(path: Path, place: Path, mode: int, meter: Meter) -> None:
    with path.open("rb") as content, place.open("xb") as file:
        shutil.copyfileobj(cast("IO[bytes]", Metered(content, meter)), file)
        if mode & stat.S_IXUSR:
            place.chmod(place.stat().st_mode | (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH))
