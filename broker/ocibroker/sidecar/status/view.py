"""What the reader of the page has chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import parse_qs

EVERY: Final = 10
"""Seconds after which the page loads itself again."""

_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class View:
    """Which ``page`` of targets, and whether it goes on loading itself anew: that closes what was opened."""

    page: int = 1
    refreshing: bool = True

    @classmethod
    def of(cls, query: bytes) -> Self:
        """Return what the query says; what it says wrongly it does not say."""
        try:
            said = parse_qs(query.decode("ascii"), max_num_fields=8)
        except ValueError:
            return cls()
        page = said.get("page", ["1"])[0]
        known = page.isdecimal() and page.isascii() and len(page) <= _DIGITS
        return cls(max(1, int(page)) if known else 1, said.get("refresh") != ["off"])

    def link(self, *, page: int | None = None, refreshing: bool | None = None) -> str:
        """Return the address of the same with another page, or with refreshing turned on or off."""
        number = self.page if page is None else page
        on = self.refreshing if refreshing is None else refreshing
        return f"/?page={number}{'' if on else '&refresh=off'}"
