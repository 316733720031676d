"""What reading one source takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ocibroker.broker import Broker
from ocibroker.bundle.limits import Limits
from ocibroker.bundle.once import Once
from ocibroker.bundle.repository_index import Index
from ocibroker.deadline import Deadline
from ocibroker.oci.halt import Halt
from ocibroker.oci.progress import Progress
from ocibroker.origin import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How one source is read.

    ``folder`` is empty, and nobody else's: everything that is written goes there, and what is left in it afterwards
    is removed, but for the bundle's root. ``unpack`` is whether a chart becomes a folder or stays the archive that
    it came as, and ``dependencies`` whether charts in a folder get what they depend on. ``deadline`` is that of the
    whole source. Whoever works long calls ``halt.check()`` meanwhile. ``indexes`` are those of Helm repositories,
    which the sources of one run, and so of one broker, share.
    """

    broker: Broker
    folder: Path
    limits: Limits
    deadline: Deadline
    halt: Halt
    progress: Progress
    unpack: bool = True
    dependencies: bool = True
    indexes: Once[tuple[Origin, str], Index] = field(default_factory=Once)
