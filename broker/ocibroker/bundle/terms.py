"""How sources are read, as whoever wants them says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ocibroker.bundle.limits import USUAL, Limits
from ocibroker.oci.halt import Halt
from ocibroker.oci.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How sources are read: within which ``limits`` each, and whether charts are unpacked.

    ``dependencies`` is whether charts in folders get what they depend on and do not hold. ``progress`` is told how
    far they are. ``halt`` ends the reading from another thread. What the same run has ``written`` otherwise is not
    replaced.
    """

    limits: Limits = USUAL
    unpack: bool = True
    dependencies: bool = True
    progress: Progress | None = None
    halt: Halt | None = None
    written: frozenset[Path] = frozenset()


AS_USUAL: Final = Terms()
