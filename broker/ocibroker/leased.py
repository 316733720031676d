"""A secret that ends by itself, such as an identity token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ocibroker.credential import keep_utc
from ocibroker.secret import Secret


@dataclass(frozen=True, slots=True)
class Leased:
    """``secret`` is good until ``ends_at``, kept in UTC.

    A credential with that secret which says no end ends then too; another that is got with it is remembered until
    then.

    Raises :class:`~ocibroker.errors.InvalidValue` for a moment without a zone.
    """

    secret: Secret
    ends_at: datetime

    def __post_init__(self) -> None:
        keep_utc(self, "ends_at", self.ends_at)


Lent = Callable[[Leased], object]
"""Is told of what was read and ends by itself."""


def unlent(_: Leased) -> None:
    """Let it pass."""
