"""A file on its way by HTTP, of a size that nobody knows before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

import httpx

from ocibroker.bundle.reading import Reading
from ocibroker.errors import IntegrityError
from ocibroker.oci.exchange import content
from ocibroker.writing import write_all, writing

_LENGTH: Final = re.compile(r"\d{1,18}", re.ASCII)


class Growth:
    """What there is of the new file ``path``, called ``name``; a context manager.

    Raises :class:`~ocibroker.errors.WriteFailed`, and :class:`~ocibroker.errors.IntegrityError` beyond the limits
    of ``reading``.
    """

    def __init__(self, path: Path, name: str, reading: Reading) -> None:
        self.size = 0
        self._path: Final = path
        self._name: Final = name
        self._reading: Final = reading
        self._etag = ""
        self._begun = False
        with writing(path):
            path.parent.mkdir(exist_ok=True)  # not its parents: where a run has ended there is nothing to make
            self._file = path.open("xb", buffering=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def wanted(self) -> Mapping[str, str]:
        """The headers that ask for the rest, if the file is still the same (RFC 9110 section 13.1.5)."""
        return {"Range": f"bytes={self.size}-", "If-Range": self._etag} if self._etag and self.size else {}

    def take(self, answer: httpx.Response) -> None:
        """Take all that ``answer`` holds: the rest, or all of it anew."""
        arriving = content(answer, self.size)
        if arriving.start != self.size:
            self._restart()
        etag = answer.headers.get("etag", "")
        self._etag = etag if etag.startswith('"') else ""  # a weak one tells of no bytes
        self._announce(answer)
        for part in arriving.parts:
            self._reading.halt.check()
            self._add(part)

    def _announce(self, answer: httpx.Response) -> None:
        said = answer.headers.get("content-length", "")
        size = self.size + int(said) if _LENGTH.fullmatch(said) else 0
        self._check(size)
        if not self._begun:
            self._begun = True
            self._reading.progress.begin(self._name, size)

    def _add(self, part: bytes) -> None:
        self._check(self.size + len(part))
        with writing(self._path):
            write_all(self._file.fileno(), part)
        self.size += len(part)
        self._reading.progress.advance(self._name, len(part))

    def _check(self, size: int) -> None:
        if size > (most := self._reading.limits.fetched):
            raise IntegrityError(f"is longer than {most} bytes", culprit=self._name, hint="see what is there")

    def _restart(self) -> None:
        self._reading.progress.advance(self._name, -self.size)
        self.size = 0
        with writing(self._path):
            self._file.truncate(0)
            self._file.seek(0)
