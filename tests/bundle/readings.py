"""A reading of the tests' own: without a broker where nothing is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from ocibroker import Broker
from ocibroker.bundle.limits import USUAL, Limits
from ocibroker.bundle.reading import Reading
from ocibroker.deadline import Deadline
from ocibroker.oci import Halt
from ocibroker.oci.progress import Progress, Unseen


def reading(
    folder: Path,
    broker: Broker | None = None,
    limits: Limits = USUAL,
    *,
    progress: Progress | None = None,
    seconds: float = 30.0,
) -> Reading:
    deadline = Deadline.after(seconds)
    return Reading(
        broker=cast("Broker", broker),
        folder=folder,
        limits=limits,
        deadline=deadline,
        halt=Halt(deadline=deadline),
        progress=progress or Unseen(),
    )


def files_of(folder: Path) -> dict[str, bytes]:
    """What is below ``folder``, links followed."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
