"""What reading one source takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ocibroker.broker import Broker
from ocibroker.bundle.limits import Limits
from ocibroker.deadline import Deadline
from ocibroker.oci.halt import Halt
from ocibroker.oci.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How one source is read.

    ``folder`` is empty, and nobody else's: everything that is written goes there, and what is left in it afterwards
    is removed, but for the bundle's root. ``unpack`` is whether a chart becomes a folder or stays the archive that
    it came as. ``deadline`` is that of the whole source. Whoever works long calls ``halt.check()`` meanwhile.
    """

    broker: Broker
    folder: Path
    limits: Limits
    deadline: Deadline
    halt: Halt
    progress: Progress
    unpack: bool = True
