"""Writing to disk, and what a failed write is called."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ocibroker.errors import WriteFailed


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an ``OSError`` of the block into a :class:`~ocibroker.errors.WriteFailed` that names ``path``."""
    try:
        yield
    except OSError as error:
        why = f"cannot be written: {error.strerror}"
    else:
        return
    raise WriteFailed(why, culprit=str(path), hint="see that the disk has room and that the folder is yours")


def write_all(file: int, content: bytes) -> None:
    """Write all of ``content`` to the open ``file``, however little of it is taken at once. Raises ``OSError``."""
    left = memoryview(content)
    while left:
        left = left[os.write(file, left) :]


def write_private(path: Path, content: bytes) -> None:
    """Write ``content`` to the new file ``path``, which its owner alone may read.

    Raises :class:`~ocibroker.errors.WriteFailed`, also where something of that name is there already.
    """
    with writing(path), os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
