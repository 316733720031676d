"""What a chart says of itself, and of the charts that it depends on.

The latter stands in ``Chart.yaml``, or in the ``requirements.yaml`` of Helm 2, which counts where it is there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from ocibroker.bundle.bundle import Chart
from ocibroker.bundle.chart_archive import LARGEST, METADATA
from ocibroker.bundle.dependency import Dependency, is_locked
from ocibroker.bundle.small_file import content_of
from ocibroker.bundle.yaml_document import decode
from ocibroker.errors import IntegrityError

_WORD: Final = b"dependencies"

T = TypeVar("T", bound=msgspec.Struct)


class _Metadata(msgspec.Struct):
    name: str
    version: str = ""
    api_version: str = msgspec.field(name="apiVersion", default="")


class _Listing(msgspec.Struct):
    dependencies: list[dict[str, Any]] = msgspec.field(default_factory=list)
    digest: str = ""


def chart_of(content: bytes, culprit: str) -> Chart:
    """Return the name and version in a ``Chart.yaml``, or raise :class:`~ocibroker.errors.IntegrityError`."""
    found = _decoded(content, _Metadata, culprit)
    return Chart(found.name, found.version)


def dependencies_of(folder: Path, culprit: str) -> tuple[Dependency, ...]:
    """Return what the chart in ``folder`` depends on: in the versions of its lock, if that was made for these.

    A chart that nowhere speaks of dependencies needs no PyYAML. Raises
    :class:`~ocibroker.errors.IntegrityError`.
    """
    metadata, former = text_of(folder / METADATA, culprit), text_of(folder / "requirements.yaml", culprit)
    if _WORD not in metadata and _WORD not in former:
        return ()
    is_former = _decoded(metadata, _Metadata, f"{culprit}: {METADATA}").api_version == "v1"
    listing = former if _WORD in former else metadata
    wanted = _dependencies(_decoded(listing, _Listing, culprit), culprit)
    lock = text_of(folder / ("requirements.lock" if is_former else "Chart.lock"), culprit)
    held = _decoded(lock, _Listing, f"{culprit}: lock") if lock else _Listing()
    locked = _dependencies(held, culprit)
    return locked if is_locked(wanted, locked, held.digest, former=is_former) else wanted


def text_of(path: Path, culprit: str) -> bytes:
    """Return what is in the file ``path``, nothing where there is none; ``culprit`` names the chart."""
    return content_of(path, LARGEST, f"{culprit}: {path.name}", IntegrityError) if path.is_file() else b""


def _decoded(content: bytes, kind: type[T], culprit: str) -> T:
    said = decode(content, culprit)
    given = {key: one for key, one in said.items() if one is not None} if isinstance(said, dict) else said
    return _converted(given, kind, culprit)


def _dependencies(listing: _Listing, culprit: str) -> tuple[Dependency, ...]:
    given = [{key: one for key, one in each.items() if one is not None} for each in listing.dependencies]
    return tuple(_converted({"repository": "", **each}, Dependency, culprit) for each in given)


def _converted(given: object, kind: type[T], culprit: str) -> T:
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        why = f"is not what a chart says of itself: {error}"
    raise IntegrityError(why, culprit=culprit, hint="see the documentation of Helm's charts")
