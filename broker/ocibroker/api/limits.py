"""How much may be asked at once."""

from __future__ import annotations

from typing import Final

LARGEST: Final = 128 * 1024
"""Bytes of a request's body: a workload's token may have 64 KiB, and comes with annotations."""

LONGEST_DEADLINE: Final = 120.0
"""Seconds that a caller may have the sidecar wait for a provider."""

LONGEST_TTL: Final = 366 * 86_400.0
"""Seconds of life that a caller may want."""
