"""The bytes of a file that may be missing, and may be anything."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from ocibroker.errors import ConfigurationError

LARGEST: Final = 4 * 1024 * 1024
"""Bytes: no authentication file of a person or a cluster is near it."""

_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Without waiting: a pipe that nobody writes to would hold the process."""


def read_file(path: Path) -> bytes | None:
    """Return the content of ``path``, or none where there is no such file.

    Raises :class:`~ocibroker.errors.ConfigurationError` that names the file.
    """
    try:
        with os.fdopen(os.open(path, _FLAGS), "rb") as file:
            found = os.fstat(file.fileno()).st_mode
            content = file.read(LARGEST + 1) if stat.S_ISREG(found) else b""
    except (FileNotFoundError, NotADirectoryError):  # HOME=/dev/null is how services say that there is none
        return None
    except (OSError, ValueError) as error:
        why = f"cannot be read: {getattr(error, 'strerror', None) or 'it is no path'}"
    else:
        if stat.S_ISREG(found) or stat.S_ISCHR(found):  # /dev/null is how people say "none"
            if len(content) <= LARGEST:
                return content
            why = f"is larger than {LARGEST} bytes"
        else:
            why = "is not a regular file"
    raise ConfigurationError(why, culprit=str(path), hint="correct the path, the mode or the file")
