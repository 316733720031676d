"""A document of YAML that grows event by event, and never beyond its own length."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ocibroker.errors import OcibrokerError

DEEPEST: Final = 100
"""Mappings and lists within each other."""
MOST: Final = 4_000_000
"""Parts of one document: some 100 bytes of memory each."""
MOST_MERGED: Final = 100_000
"""Keys that merges may copy in one document."""

_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_MERGE: Final = object()
_NO_KEY: Final = object()


class _List:
    def __init__(self) -> None:
        self.value: list[Any] = []

    def add(self, value: object) -> str:
        self.value.append(value)
        return ""

    def wants_key(self) -> bool:
        return False

    def merging(self) -> int:
        return 0

    def complete(self) -> list[Any]:
        return self.value


class _Mapping:
    def __init__(self) -> None:
        self.value: dict[str, Any] = {}
        self._key: object = _NO_KEY
        self._merged: list[dict[str, Any]] = []

    def add(self, value: object) -> str:
        """Take a key, or the value for the last one; what is wrong with it is returned."""
        key, self._key = self._key, _NO_KEY
        if key is _NO_KEY:
            self._key = value
            return "" if isinstance(value, str) or value is _MERGE else "has a key that is no text"
        if key is _MERGE:
            return self._merge(value)
        if key in self.value:
            return "has a key twice"
        self.value[str(key)] = value
        return ""

    def wants_key(self) -> bool:
        return self._key is _NO_KEY

    def merging(self) -> int:
        """Return how many keys are merged in."""
        return sum(map(len, self._merged))

    def complete(self) -> dict[str, Any]:
        for one in self._merged:
            for key, value in one.items():
                self.value.setdefault(key, value)
        return self.value

    def _merge(self, value: object) -> str:
        parts = value if isinstance(value, list) else [value]
        self._merged += [part for part in parts if isinstance(part, dict)]
        return "" if all(isinstance(part, dict) for part in parts) else "merges what is no mapping"


class Growing:
    """Takes the events of one document, as PyYAML has them; ``root`` is what they say."""

    def __init__(self, culprit: str, failure: type[OcibrokerError], most: int) -> None:
        self.root: Any = None
        self._culprit: Final = culprit
        self._failure: Final = failure
        self._most: Final = most
        self._open: list[tuple[_List | _Mapping, str | None]] = []
        self._anchors: dict[str, Any] = {}
        self._count = self._merged = 0
        self._kinds: Final[Mapping[str, Callable[[Any], None]]] = {
            "ScalarEvent": self._scalar,
            "AliasEvent": self._alias,
            "MappingStartEvent": self._begin_mapping,
            "SequenceStartEvent": self._begin_list,
            "MappingEndEvent": self._end,
            "SequenceEndEvent": self._end,
        }

    def take(self, event: Any) -> None:  # noqa: ANN401  # PyYAML has no types
        """Grow by ``event``; those that begin or end a stream or a document say nothing."""
        self._count += 1
        if self._count > self._most:
            raise self._refused(f"holds more than {self._most} parts", event)
        if grow := self._kinds.get(type(event).__name__):
            grow(event)

    def _scalar(self, event: Any) -> None:  # noqa: ANN401
        value: object = event.value
        if not event.style and event.implicit[0]:
            if value == "<<" and not event.anchor and self._open and self._open[-1][0].wants_key():
                value = _MERGE
            elif value in _NULLS:
                value = None
        self._add(value, event.anchor, event)

    def _alias(self, event: Any) -> None:  # noqa: ANN401
        if event.anchor not in self._anchors:  # nor is what is still open: it would hold itself
            raise self._refused("refers to what is not before it", event)
        self._add(self._anchors[event.anchor], None, event)

    def _begin_mapping(self, event: Any) -> None:  # noqa: ANN401
        self._begin(_Mapping(), event)

    def _begin_list(self, event: Any) -> None:  # noqa: ANN401
        self._begin(_List(), event)

    def _end(self, event: Any) -> None:  # noqa: ANN401
        last, anchor = self._open.pop()
        self._merged += last.merging()
        if self._merged > MOST_MERGED:
            raise self._refused(f"merges more than {MOST_MERGED} keys", event)
        self._add(last.complete(), anchor, event)

    def _begin(self, one: _List | _Mapping, event: Any) -> None:  # noqa: ANN401
        if len(self._open) == DEEPEST:
            raise self._refused(f"is more than {DEEPEST} levels deep", event)
        self._open.append((one, event.anchor))

    def _add(self, value: object, anchor: str | None, event: Any) -> None:  # noqa: ANN401
        if anchor:
            self._anchors[anchor] = value
        if not self._open:
            self.root = value
        elif why := self._open[-1][0].add(value):
            raise self._refused(why, event)

    def _refused(self, why: str, event: Any) -> OcibrokerError:  # noqa: ANN401
        line = event.start_mark.line + 1
        return self._failure(f"{why} in line {line}", culprit=self._culprit, hint="see what is written there")
