"""What a token is for (Distribution specification, ``spec/auth/scope.md``)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ocibroker.errors import IntegrityError


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """``type[(class)]:name:actions``. The name may hold colons, so it is split off from both ends."""

    kind: str
    name: str
    actions: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Scope:
        """Return the scope, or raise :class:`~ocibroker.errors.IntegrityError`."""
        kind, _, rest = text.partition(":")
        name, _, actions = rest.rpartition(":")
        if not (kind and name):
            raise IntegrityError("the challenge names a scope that is not type:name:actions", culprit="scope")
        return cls(kind, name, tuple(sorted({action for action in actions.split(",") if action})))

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}:{','.join(self.actions)}"


def parse_scopes(text: str) -> tuple[Scope, ...]:
    """Return the scopes of a space-separated list."""
    return tuple(Scope.parse(part) for part in text.split())


def merge(scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    """Return one scope for each type and name, its actions those of all, in a fixed order."""
    actions: dict[tuple[str, str], set[str]] = {}
    for scope in scopes:
        actions.setdefault((scope.kind, scope.name), set()).update(scope.actions)
    return tuple(sorted(Scope(kind, name, tuple(sorted(found))) for (kind, name), found in actions.items()))
