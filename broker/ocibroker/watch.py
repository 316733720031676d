"""What files look like from outside, so that a change is noticed without reading them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

Look = tuple[str, int, int, int] | tuple[str, None]
"""A path with the inode, the modification time in ns and the size behind it; or none where nothing is."""

EVERY = 1.0
"""Seconds between two looks at the same file."""


def look(paths: Iterable[Path]) -> tuple[Look, ...]:
    """Return what the files behind ``paths`` look like now; links are followed.

    Following them makes the swap of Kubernetes' ``..data`` link a change of inode.
    """
    return tuple(_look(path) for path in paths)


def _look(path: Path, *, closely: bool = False) -> Look:
    try:
        found = os.stat(path)  # noqa: PTH116  # on the hot path, and half as slow as Path.stat
    except (OSError, ValueError):
        return (str(path), None)
    return (str(path), found.st_ino, found.st_ctime_ns if closely else found.st_mtime_ns, found.st_size)


def look_closely(paths: Iterable[Path]) -> tuple[Look, ...]:
    """Return the same with the time of the last change of mode or owner too, in place of the content's."""
    return tuple(_look(path, closely=True) for path in paths)


class Watch:
    """Looks at some files at most once in :data:`EVERY` seconds."""

    __slots__ = ("_due", "_look", "_monotonic", "_paths", "_seen")

    def __init__(
        self,
        paths: Iterable[Path],
        monotonic: Callable[[], float],
        look: Callable[[Iterable[Path]], tuple[Look, ...]] = look,
    ) -> None:
        self._paths = tuple(paths)
        self._monotonic = monotonic
        self._look = look
        self._seen = look(self._paths)
        self._due = monotonic() + EVERY

    def seen(self) -> tuple[Look, ...]:
        """Return what the files look like, as of at most :data:`EVERY` seconds ago."""
        if self._paths and (now := self._monotonic()) >= self._due:
            self._seen, self._due = self._look(self._paths), now + EVERY
        return self._seen
