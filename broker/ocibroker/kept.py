"""A secret that lies in a store, as far as a reference to it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from ocibroker.identity import Reach


class Kept(Protocol):
    """``watch`` are the files and ``variables`` the variables that decide what is read.

    ``keep`` is how long it may be remembered, and ``reach`` whether it is the same on every machine.
    """

    def __str__(self) -> str:
        """Describe the place, never the value."""
        ...

    @property
    def watch(self) -> tuple[Path, ...]: ...  # noqa: D102  # said above

    @property
    def variables(self) -> tuple[str, ...]: ...  # noqa: D102  # said above

    @property
    def keep(self) -> timedelta: ...  # noqa: D102  # said above

    @property
    def reach(self) -> Reach: ...  # noqa: D102  # said above

    @property
    def source_name(self) -> str:
        """Who reads it."""
        ...

    @property
    def options(self) -> Struct | None:
        """What was said of where it lies; none as long as that is not read by the source's schema."""
        ...


@dataclass(frozen=True, slots=True)
class StoreTable:
    """What a configuration says of it, not yet read by the schema of the source of that name."""

    source_name: str
    values: Mapping[str, Any] = field(repr=False)
    watch: tuple[Path, ...] = ()
    variables: tuple[str, ...] = ()
    keep: timedelta = timedelta()
    reach: Reach = "local"
    options: None = None

    def __str__(self) -> str:
        return self.source_name
