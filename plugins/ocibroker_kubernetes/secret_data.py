"""A Secret as it lies there: keys and bytes, from a mount or from the API server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ocibroker_kubernetes.value import Value


@dataclass(frozen=True, slots=True)
class SecretData:
    """``source`` is its name for people, ``kind`` the type that Kubernetes keeps; a mount does not tell it.

    ``folder`` is where it is mounted, if it is.
    """

    source: str
    kind: str
    values: Mapping[str, bytes] = field(repr=False)
    folder: Path | None = None

    def value(self, key: str) -> Value | None:
        """Return what stands under ``key``, or none."""
        if (content := self.values.get(key)) is None:
            return None
        file = self.folder / key if self.folder else None
        return Value(key, f"file {file}" if file else f"{self.source}: {key}", content, file)
