"""Where in the file a value stands that turns out to be wrong only when it is used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ocibroker.config.source import Source
from ocibroker.errors import ProviderUnavailable, UsageError


@contextmanager
def located(path: Path | None, place: str) -> Iterator[None]:
    """Put the file at ``path``, the line and ``place`` in front of what goes wrong with the value there.

    The file is read once more for the line, so that nobody has to keep its text. Without a file nothing is changed.
    """
    try:
        yield
    except (UsageError, ProviderUnavailable) as error:
        failure = error if path is None else Source(path, _text(path), {}).located(place, error)
    else:
        return
    raise failure


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
