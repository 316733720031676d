"""How much one source may cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GIB: Final = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bytes, counts and seconds for one source; who exceeds one is refused.

    ``fetched`` bounds what comes over the network, ``unpacked`` what an archive becomes, both in bytes; ``entries``
    is how many files, folders and links it may hold. An archive that grows beyond ``ratio`` times its own size is
    refused once it is past :data:`~ocibroker.bundle.meter.HARMLESS` bytes. ``seconds`` is for all of it.
    """

    fetched: int = 2 * GIB
    unpacked: int = 2 * GIB
    entries: int = 100_000
    ratio: int = 200
    seconds: float = 600.0


USUAL: Final = Limits()
"""2 GiB, as Fleet has it, and ten minutes."""
