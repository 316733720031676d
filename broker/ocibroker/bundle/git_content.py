"""What a commit would become on the disk, counted before any of it is there."""

from __future__ import annotations

from ocibroker.bundle.git_refusal import refusal
from ocibroker.bundle.git_runner import NOWHERE, Git
from ocibroker.bundle.meter import Meter
from ocibroker.errors import NotFound

_LONGEST = 64 * 1024
"""Bytes of one entry's line, its path included."""


def measure(git: Git, commit: str, subdir: str) -> None:
    """Count the files of ``commit`` below ``subdir``.

    A tree may hold itself many times over, and become more than any memory holds: here it is read as a stream.
    Raises :class:`~ocibroker.errors.IntegrityError` beyond the limits, and :class:`~ocibroker.errors.NotFound`
    where there is no such folder.
    """
    count = _Count(Meter(git.reading, git.reading.limits.unpacked, git.culprit))
    argv = ("ls-tree", "-r", "-l", "-z", "--full-tree", commit, *(("--", subdir) if subdir else ()))
    ended = git.run(*argv, take=count.take)
    if ended.status:
        raise refusal(ended.said, ended.status, NOWHERE, git.culprit)
    if subdir and not count.entries:
        hint = "name a folder that is in it"
        raise NotFound(f"has no {subdir!r} that is a folder or a file", culprit=git.culprit, hint=hint)


class _Count:
    """Reads ``mode type name size TAB path NUL``, as it comes."""

    def __init__(self, meter: Meter) -> None:
        self.entries = 0
        self._meter = meter
        self._left = b""

    def take(self, part: bytes) -> None:
        *lines, self._left = (self._left + part).split(b"\0")
        for line in lines:
            self.entries += 1
            self._meter.enter()
            size = line.partition(b"\t")[0].split()[-1]
            self._meter.grow(int(size) if size.isdigit() else 0)
