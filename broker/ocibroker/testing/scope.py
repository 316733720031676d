"""Scopes: what a bearer token allows (Distribution specification, ``scope.md``)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ocibroker.testing.request import Request

REPOSITORY = re.compile(r"/v2/(?P<name>.+)/(?:manifests|blobs|tags|referrers)/.*")


@dataclass(frozen=True)
class Scope:
    """Actions on one resource: ``repository:team/app:pull,push``."""

    kind: str
    name: str
    actions: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> Scope:
        """Read one scope; raises `ValueError` if it is malformed."""
        # The name may hold a colon itself (host:port/app), so it is what remains between the outer ones.
        kind, _, rest = text.partition(":")
        name, _, actions = rest.rpartition(":")
        if not (kind and name):
            raise ValueError(f"{text!r} is not a scope: type:name:actions")
        return cls(kind, name, frozenset(filter(None, actions.split(","))))

    def covers(self, other: Scope) -> bool:
        """Whether this scope allows everything that ``other`` asks for."""
        same = (self.kind, self.name) == (other.kind, other.name)
        return same and ("*" in self.actions or self.actions >= other.actions)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}:{','.join(sorted(self.actions))}"


def required_scopes(request: Request) -> tuple[Scope, ...]:
    """Return what a bearer token must allow for this request; empty for the API's version check."""
    if request.path == "/v2/_catalog":
        return (Scope("registry", "catalog", frozenset("*")),)
    if (match := REPOSITORY.fullmatch(request.path)) is None:
        return ()
    needed = Scope("repository", match["name"], _actions(request.method))
    source = request.parameter("from") if request.method == "POST" else None
    return (needed, Scope("repository", source, frozenset({"pull"}))) if source else (needed,)


def _actions(method: str) -> frozenset[str]:
    if method in {"GET", "HEAD"}:
        return frozenset({"pull"})
    return frozenset({"delete"}) if method == "DELETE" else frozenset({"pull", "push"})
