"""What reading one source takes."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path

from ocibroker.broker import Broker
from ocibroker.bundle.limits import Limits
from ocibroker.bundle.once import Once
from ocibroker.bundle.repository_index import Index
from ocibroker.deadline import Deadline
from ocibroker.oci.halt import Halt
from ocibroker.oci.progress import Progress
from ocibroker.request import FLEET_PATH, Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How one source is read.

    ``folder`` is empty, and nobody else's: everything that is written goes there, and what is left in it afterwards
    is removed, but for the bundle's root. ``unpack`` is whether a chart becomes a folder or stays the archive that
    it came as, and ``dependencies`` whether charts in a folder get what they depend on. ``deadline`` is that of the
    whole source. Whoever works long calls ``halt.check()`` meanwhile. ``indexes`` are those of Helm repositories,
    which the sources of one run, and so of one broker, share. ``fleet_path`` is the folder, in a Fleet repository,
    whose file has the source read; empty elsewhere.
    """

    broker: Broker
    folder: Path
    limits: Limits
    deadline: Deadline
    halt: Halt
    progress: Progress
    unpack: bool = True
    dependencies: bool = True
    indexes: Once[Hashable, Index] = field(default_factory=Once)
    fleet_path: str = ""

    @property
    def caller(self) -> Caller | None:
        """Who asks for what the source takes, as providers see it; none where nothing is known."""
        return Caller(annotations={FLEET_PATH: self.fleet_path}) if self.fleet_path else None
