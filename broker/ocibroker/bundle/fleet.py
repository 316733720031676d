"""What the ``fleet.yaml`` files in a folder have Fleet read, as sources."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ocibroker.bundle.fleet_file import ChartOptions, FleetFile
from ocibroker.bundle.git_address import SHORTHANDS
from ocibroker.bundle.grammar import parse
from ocibroker.bundle.link import Link
from ocibroker.bundle.source import ChartSource, LocalSource, OCISource, Source
from ocibroker.bundle.ssh_address import is_scp
from ocibroker.errors import ConfigurationError, OcibrokerError
from ocibroker.host import shown
from ocibroker.oci.reference import Reference
from ocibroker.oci.resolution import Wish

NAMES: Final = ("fleet.yaml", "fleet.yml")
"""How such a file is called; the latter counts where the former is missing."""


@dataclass(frozen=True, slots=True)
class FleetChart:
    """What ``file`` wants read, or why that cannot be told; ``dependencies`` unless it disables their update."""

    file: Path
    source: Source | OcibrokerError
    dependencies: bool = True


def fleet_sources(folder: Path) -> tuple[FleetChart, ...]:
    """Return what all such files in ``folder``, and below it, want read: each distinct chart of a file once.

    A link to a folder is not followed. Raises :class:`~ocibroker.errors.ConfigurationError` for a folder that is
    none, or cannot be read.
    """
    if not folder.is_dir():
        hint = "name the one with your fleet.yaml files"
        raise ConfigurationError("is no folder", culprit=str(folder), hint=hint)
    return tuple(one for file in _files(folder) for one in _charts(file, folder))


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder, onerror=_unreadable):
        folders[:] = sorted(set(folders) - {".git"})
        if name := next((one for one in NAMES if one in files), None):
            yield Path(place) / name


def _unreadable(error: OSError) -> None:
    culprit = str(error.filename)
    raise ConfigurationError(f"cannot be read: {error.strerror}", culprit=culprit, hint="check its permissions")


def _charts(file: Path, folder: Path) -> Iterator[FleetChart]:
    try:
        found = FleetFile.read(file)
    except OcibrokerError as error:
        yield FleetChart(file, error.restated())
        return
    for options in found.charts:
        yield FleetChart(file, _outcome(options, file, folder), found.dependencies)


def _outcome(options: ChartOptions, file: Path, folder: Path) -> Source | OcibrokerError:
    try:
        return _source(options, file, folder)
    except OcibrokerError as error:
        return error.restated(culprit=str(file))


def _source(options: ChartOptions, file: Path, folder: Path) -> Source:
    repo, chart, version = options.repo or "", options.chart or "", options.version or ""
    if repo.startswith("oci://"):
        return OCISource(Reference.parse(repo), Wish(version=version))
    if repo and chart:
        return ChartSource(Link.parse(repo), chart, version)
    if repo:
        raise ConfigurationError("has helm.repo without helm.chart", culprit=str(file), hint="name the chart")
    found = parse(chart, Wish(version=version)) if _is_remote(chart) else LocalSource(file.parent / chart)
    if isinstance(found, LocalSource) and not found.path.resolve().is_relative_to(folder.resolve()):
        # Who wrote the file need not be who reads it.
        why = f"names a chart outside of {folder}: {shown(chart)}"
        raise ConfigurationError(why, culprit=str(file), hint="move it in, or read it by itself")
    return found


def _is_remote(chart: str) -> bool:
    return "://" in chart or "::" in chart or is_scp(chart) or chart.lower().startswith(SHORTHANDS)
