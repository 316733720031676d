"""Archives into folders, and nowhere else."""

from __future__ import annotations

from typing import Final

HARMLESS: Final = 64 * 1024**2
"""Bytes that an archive may become whatever its own size."""
