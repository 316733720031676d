"""Providers made of functions, and the plugin that offers them to a broker without being installed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from ocibroker.provider import (
    Anonymous,
    Claim,
    Credential,
    FetchRequest,
    Identity,
    Options,
    Provider,
    Request,
    Target,
    providers,
)


class NoOptions(Options, frozen=True, kw_only=True):
    """There are none."""


Fetch = Callable[[FetchRequest[NoOptions]], Credential | Anonymous]


class MadeProvider:
    """Answers with what ``fetch`` gives; ``fetched`` counts how often it was asked."""

    options = NoOptions

    def __init__(
        self,
        fetch: Fetch,
        *,
        name: str = "made",
        identity: Callable[[], Identity] | None = None,
        claim: Callable[[Target], Claim | None] | None = None,
    ) -> None:
        self.name = name
        self._fetch = fetch
        self._identity = identity
        self._claim = claim
        self._lock = threading.Lock()
        self.fetched = 0

    def claim(self, target: Target) -> Claim | None:
        return self._claim(target) if self._claim else None

    def identity(self, request: Request[NoOptions]) -> Identity:
        return self._identity() if self._identity else Identity((self.name,))

    def fetch(self, request: FetchRequest[NoOptions]) -> Credential | Anonymous:
        with self._lock:
            self.fetched += 1
        return self._fetch(request)


class Plugin:
    """What pluggy takes for a module."""

    def __init__(self, *offered: Provider[Any]) -> None:
        def offer() -> Sequence[Provider[Any]]:
            return offered

        self.ocibroker_providers = providers(offer)


def giving(*answers: Credential | Anonymous, name: str = "made") -> MadeProvider:
    """Give those answers one after the other, and then the last one again and again."""
    left = list(answers)
    return MadeProvider(lambda _: left.pop(0) if len(left) > 1 else left[0], name=name)
