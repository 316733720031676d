"""The file that audit records go to: append only, for its owner alone, and another one after it was moved away."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ocibroker.audit.lines import Lines
from ocibroker.errors import ConfigurationError
from ocibroker.ownership import check_own

_FLAGS: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT
_SAFE: Final = ("O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK")
"""No link, no child, no wait for the reader of a pipe; as far as the system has them."""
_GLANCE: Final = 1.0
_LOG: Final = logging.getLogger("ocibroker.audit")


class AuditFile:
    """Appends to the file at ``path``, made with mode 0600; its folder must be there.

    It must be a regular file of root's or our own that nobody else may write: the construction raises
    :class:`~ocibroker.errors.ConfigurationError` otherwise. Once a second of ``monotonic``, and after
    :meth:`reopen`, it is seen whether another file has that name by now, or none, as after a rotation.
    """

    def __init__(self, path: Path, monotonic: Callable[[], float]) -> None:
        self._path, self._monotonic = path, monotonic
        self._file = _opened(path)
        self._lines = Lines(self._file)
        self._due = monotonic() + _GLANCE

    def reopen(self) -> None:
        """Look at the next write whether it is still the same file."""
        self._due = self._monotonic()

    def write(self, lines: bytes) -> None:
        """Append whole lines; raises ``OSError`` where not all of them could be."""
        if self._monotonic() >= self._due:
            self._look()
        self._lines.write(lines)

    def close(self) -> None:
        """Close it."""
        os.close(self._file)

    def _look(self) -> None:
        self._due = self._monotonic() + _GLANCE
        try:
            if not _is(self._path, self._file):
                other = _opened(self._path)
                os.close(self._file)
                self._file, self._lines = other, Lines(other)
        except ConfigurationError as error:
            _LOG.warning("the audit file from before is written on: %s", error)


def _is(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(file))
    except OSError:
        return False


def _opened(path: Path) -> int:
    flags = _FLAGS
    for name in _SAFE:
        flags |= getattr(os, name, 0)
    try:
        file = os.open(path, flags, 0o600)
    except OSError as error:
        why, hint = f"cannot be opened: {error.strerror}", "make its folder, and choose no link"
        raise ConfigurationError(why, culprit=str(path), hint=hint) from None
    try:
        check_own(
            path,
            os.fstat(file),
            forbidden=0o022,
            why="can be written by others",
            hint=f"chmod 600 {path}",
            instead="choose a file, or stdout",
        )
    except ConfigurationError:
        os.close(file)
        raise
    return file
