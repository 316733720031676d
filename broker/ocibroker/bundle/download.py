"""One file by HTTP, taken up where the connection broke."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import Final

from ocibroker.bundle.growth import Growth
from ocibroker.bundle.link import Link
from ocibroker.bundle.reading import Reading
from ocibroker.bundle.web import opened
from ocibroker.errors import ConnectionFailed, DeadlineExceeded, IntegrityError, TLSFailed, WrongScheme
from ocibroker.oci.digest import Digest
from ocibroker.writing import writing

ATTEMPTS: Final = 5
"""In a row that bring nothing new."""
LONGEST_PAUSE: Final = 2.0
"""Seconds."""

_FOR_EVER: Final = (TLSFailed, WrongScheme, DeadlineExceeded)


def download(link: Link, into: Path, reading: Reading, checksum: Digest | None = None) -> Digest:
    """Fetch ``link`` into the new file ``into``, and return its SHA-256 digest.

    A broken connection is taken up where it broke, if the server says that the file is the same, else from the
    beginning. Raises what :func:`~ocibroker.bundle.web.opened` does, :class:`~ocibroker.errors.WriteFailed`, and
    :class:`~ocibroker.errors.IntegrityError` for another ``checksum`` and beyond the limits of ``reading``.
    """
    with Growth(into, str(link), reading) as growth:
        _complete(link, growth, reading)
    digest = verified(into, str(link), checksum)
    reading.progress.end(str(link))
    return digest


def verified(path: Path, culprit: str, checksum: Digest | None) -> Digest:
    """Return the SHA-256 digest of the file ``path``, whose bytes must have the ``checksum`` that there is.

    Raises :class:`~ocibroker.errors.IntegrityError` that names ``culprit``.
    """
    if checksum is not None and _digest(path, checksum.algorithm) != checksum:
        raise IntegrityError("is not what its checksum says", culprit=culprit, hint="see who has changed it")
    return _digest(path, "sha256")


def _complete(link: Link, growth: Growth, reading: Reading) -> None:
    failures = longest = 0
    while True:
        try:
            with opened(link, reading, growth.wanted) as answer:
                return growth.take(answer)
        except ConnectionFailed as error:
            failures = 1 if growth.size > longest else failures + 1
            longest = max(longest, growth.size)
            # Before the first byte the transport has tried again already.
            if isinstance(error, _FOR_EVER) or failures == ATTEMPTS or not longest:
                raise error.restated() from None
        reading.halt.pause(random.uniform(0, min(LONGEST_PAUSE, 0.1 * 2**failures)))  # noqa: S311  # no secret


def _digest(path: Path, algorithm: str) -> Digest:
    with writing(path), path.open("rb") as file:
        return Digest(algorithm, hashlib.file_digest(file, algorithm).hexdigest())
