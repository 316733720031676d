"""A secret that lies in a store, as far as a reference to it knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol


class Kept(Protocol):
    """``watch`` are the files that decide what is read, ``keep`` is how long it may be remembered."""

    def __str__(self) -> str:
        """Describe the place, never the value."""
        ...

    @property
    def watch(self) -> tuple[Path, ...]: ...  # noqa: D102  # said above

    @property
    def keep(self) -> timedelta: ...  # noqa: D102  # said above

    def digest(self, digested: Callable[[Any], str]) -> str:
        """Return ``digested`` of the options, values that stand in the configuration included."""
        ...


@dataclass(frozen=True, slots=True)
class StoreTable:
    """What a configuration says of it, not yet read by the schema of the source of that name."""

    source: str
    values: Mapping[str, Any] = field(repr=False)
    watch: tuple[Path, ...] = ()
    keep: timedelta = timedelta()

    def __str__(self) -> str:
        return self.source

    def digest(self, digested: Callable[[Any], str]) -> str:
        """Return nothing: what is not read yet has no options."""
        return ""
