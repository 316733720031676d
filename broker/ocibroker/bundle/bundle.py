"""What was read from a source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ocibroker.bundle.source import Source


@dataclass(frozen=True, slots=True)
class Chart:
    """A Helm chart's name and version, as its ``Chart.yaml`` or what led to it says."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What was read from ``source``, complete.

    ``root`` is the folder that holds it, or the one file that it is. ``files`` are the paths of the files below
    ``root``, sorted, with ``/`` between their parts; none where it is a file. ``resolved`` says, safe to show, what
    the source stood for: the version, digest or commit that was chosen. ``chart`` is there where it is a chart.
    """

    source: Source
    root: Path
    files: tuple[str, ...]
    resolved: str
    chart: Chart | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file of it."""
        return tuple(self.root / one for one in self.files) if self.files or self.root.is_dir() else (self.root,)
