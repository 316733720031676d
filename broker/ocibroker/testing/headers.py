"""HTTP header fields as a server received them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping


class Headers(Mapping[str, str]):
    """Immutable header fields; names are case-insensitive.

    Repeated fields are joined by ``", "`` (RFC 9110, 5.3).
    """

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields = tuple((name.lower(), value) for name, value in fields)

    def get_all(self, name: str) -> tuple[str, ...]:
        """Return each value of a field in the order of arrival; empty when there is none."""
        return tuple(value for found, value in self._fields if found == name.lower())

    def __getitem__(self, name: str) -> str:
        values = self.get_all(name)
        if not values:
            raise KeyError(name)
        return ", ".join(values)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(self.get_all(name))

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for name, _ in self._fields))

    def __len__(self) -> int:
        return len({name for name, _ in self._fields})

    def __repr__(self) -> str:
        return f"Headers({list(self._fields)!r})"
