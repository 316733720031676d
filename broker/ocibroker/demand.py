"""What a caller wants of the answers, and what an answer is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ocibroker.credential import Anonymous, Credential

Answer = Credential | Anonymous


@dataclass(frozen=True, slots=True)
class Demand:
    """What a caller wants: ``min_ttl`` of life left, and with ``fresh`` nothing that was known before.

    ``refused`` is what a registry has just turned down. With ``careful`` a failure is told, and changes nothing of
    what is remembered. With ``advisory`` nobody waits, and what is still good is to be renewed all the same.
    """

    min_ttl: timedelta
    fresh: bool = False
    refused: Credential | None = None
    careful: bool = False
    advisory: bool = False


RENEWAL: Final = Demand(timedelta(), advisory=True)
"""That of a credential which is still good, before its end."""
