"""What a failed write is called."""

from __future__ import annotations

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
