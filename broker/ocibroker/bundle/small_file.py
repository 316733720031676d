"""Files that are read whole, because they describe something."""

from __future__ import annotations

from pathlib import Path

from ocibroker.errors import OcibrokerError


def content_of(path: Path, most: int, culprit: str, failure: type[OcibrokerError]) -> bytes:
    """Return what is in ``path``, of at most ``most`` bytes.

    Raises a ``failure`` that names ``culprit`` where it cannot be read, is longer, or is none: a pipe has no end.
    """
    if path.exists() and not path.is_file():
        raise failure("is no file", culprit=culprit)
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
    else:
        if len(content) <= most:
            return content
        why = f"is longer than {most} bytes"
    raise failure(why, culprit=culprit)
