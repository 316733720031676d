"""The keys of a credential provider's ``auth``: which images each is for.

As the kubelet's, but that a path ends on a ``/`` boundary: ``team`` is not for ``team-b``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Self

_HUB: Final = frozenset({"index.docker.io", "registry-1.docker.io"})
_PORT: Final = re.compile(r":(\d+)\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class MatchImage:
    """``[https://]host[:port][/path]``, with ``*``, ``?`` and ``[…]`` within one label of the host."""

    text: str
    labels: tuple[str, ...]
    port: str
    path: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the pattern that a key is."""
        authority, _, path = text.removeprefix("https://").partition("/")
        labels, port = _split(authority)
        return cls(text, labels, port, path.strip("/"))

    def covers(self, registry: str, path: str | None = None) -> bool:
        """Whether it is for that registry, and for that path there; without one, whether it is for any of it."""
        labels, port = _split(registry)
        if port != self.port or len(labels) != len(self.labels):
            return False
        if not all(map(fnmatchcase, labels, self.labels)):
            return False
        return path is None or not self.path or f"{path}/".startswith(f"{self.path}/")

    @property
    def rank(self) -> tuple[int, int]:
        """How specific it is: by its path, then by what of the host it spells out."""
        return len(self.path), sum(len(label) for label in self.labels if not set(label) & set("*?["))


def _split(authority: str) -> tuple[tuple[str, ...], str]:
    """Return the labels of the host, and the port, of which 443 is none."""
    found = _PORT.search(authority)
    host = (authority[: found.start()] if found else authority).lower()
    port = found[1] if found and found[1] != "443" else ""
    return tuple(("docker.io" if host in _HUB else host).split(".")), port
