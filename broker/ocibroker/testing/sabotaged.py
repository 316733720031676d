"""A provider whose fetch is replaced, so that what a broker does about it can be seen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
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
)


@dataclass(frozen=True, slots=True)
class Sabotaged:
    """Is ``provider`` in everything but its fetch."""

    provider: Provider[Any]
    instead: Callable[[], Credential | Anonymous] = field(repr=False)

    @property
    def name(self) -> str:
        """The provider's own."""
        return self.provider.name

    @property
    def options(self) -> type[Options]:
        """The provider's own."""
        options: type[Options] = self.provider.options
        return options

    def claim(self, target: Target) -> Claim | None:
        """Return what the provider says."""
        return self.provider.claim(target)

    def identity(self, request: Request[Any]) -> Identity:
        """Return what the provider says."""
        return self.provider.identity(request)

    def fetch(self, request: FetchRequest[Any]) -> Credential | Anonymous:
        """Do something else instead."""
        return self.instead()


def raising(provider: Provider[Any], error: BaseException) -> Sabotaged:
    """Return ``provider`` with a fetch that raises ``error``."""

    def instead() -> Anonymous:
        raise error

    return Sabotaged(provider, instead)


@contextmanager
def hanging(provider: Provider[Any]) -> Iterator[Sabotaged]:
    """Return ``provider`` with a fetch that hangs until the block is left."""
    released = threading.Event()

    def instead() -> Anonymous:
        released.wait()
        return Anonymous("it was released")

    try:
        yield Sabotaged(provider, instead)
    finally:
        released.set()
