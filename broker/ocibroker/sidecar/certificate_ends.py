"""When the certificates end that the configuration names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from ocibroker.sidecar.generation import Generation
from ocibroker.sidecar.metrics import Row
from ocibroker.tls.validity import ends
from ocibroker.watch import Look, look

LABELS: Final = ("role", "name")

_LARGEST: Final = 16 * 1024 * 1024
Looks = tuple[Look, ...]
Choose = Callable[[Iterable[datetime]], datetime]


@dataclass(frozen=True, slots=True)
class _Named:
    """A file of certificates; ``choose`` tells which of their ends counts.

    A chain ends with its first one; of several authorities one may be there to follow another.
    """

    role: str
    name: str
    path: Path
    choose: Choose


class CertificateEnds:
    """Reads each file once, and again when it has changed."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[Looks, tuple[datetime, ...]]] = {}

    def of(self, generation: Generation) -> Iterator[Row]:
        """Yield role and name of each certificate that ``generation`` uses, and when it ends.

        Nothing is told of a file that cannot be read: the errors of who uses it do.
        """
        named = [*_of_listener(generation), *_of_entries(generation)]
        known = {one.path: self._read(one.path) for one in named}
        self._known = known
        for one in named:
            if found := known[one.path][1]:
                yield (one.role, one.name), one.choose(found).timestamp()

    def _read(self, path: Path) -> tuple[Looks, tuple[datetime, ...]]:
        seen = look((path,))
        before = self._known.get(path)
        return before if before is not None and before[0] == seen else (seen, _ends(path))


def _ends(path: Path) -> tuple[datetime, ...]:
    try:
        with path.open("rb") as file:
            return ends(file.read(_LARGEST).decode("ascii", errors="replace"))
    except (OSError, ValueError):
        return ()


def _of_listener(generation: Generation) -> Iterator[_Named]:
    entrance = generation.entrances.get("tcp")
    if entrance is None or entrance.certificates is None:
        return
    certificate, _, client_ca = entrance.certificates.files
    yield _Named("listener", "tcp", certificate, min)
    if client_ca is not None:
        yield _Named("client_ca", "tcp", client_ca, max)


def _of_entries(generation: Generation) -> Iterator[_Named]:
    for entry in generation.config.tls:
        name = str(entry.pattern)
        if entry.policy.client_cert is not None:
            yield _Named("client_cert", name, entry.policy.client_cert, min)
        for number, path in enumerate(entry.policy.ca):
            yield _Named("ca", f"{name} {number}" if number else name, path, max)
