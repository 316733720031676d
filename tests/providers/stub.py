"""A provider that does what a test tells it, and the brokers that know it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ocibroker import Broker
from ocibroker.clock import Clock
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


class StubOptions(Options, frozen=True, kw_only=True):
    profile: str = "default"


def claim_nothing(target: Target) -> Claim | None:
    return None


def somebody(request: Request[Any]) -> Identity:
    return Identity(("somebody",))


def anonymous(request: FetchRequest[Any]) -> Credential | Anonymous:
    return Anonymous("it was told to")


@dataclass(frozen=True)
class Stub:
    name: str
    claims: Callable[[Target], Claim | None] = claim_nothing
    identifies: Callable[[Request[Any]], Identity] = somebody
    fetches: Callable[[FetchRequest[Any]], Credential | Anonymous] = anonymous
    options: type[Options] = field(default=StubOptions)

    def claim(self, target: Target) -> Claim | None:
        return self.claims(target)

    def identity(self, request: Request[Any]) -> Identity:
        return self.identifies(request)

    def fetch(self, request: FetchRequest[Any]) -> Credential | Anonymous:
        return self.fetches(request)


def plugin(*offered: Provider[Any]) -> object:
    """Return what a plugin's module is to a broker."""

    @providers
    def offer() -> Sequence[Provider[Any]]:
        return offered

    return SimpleNamespace(ocibroker_providers=offer)


def broker(folder: Path, stubs: Iterable[Stub], *rules: str, clock: Clock | None = None) -> Broker:
    """Return a broker that knows ``stubs``; each of ``rules`` is the body of a ``[[registry]]`` table."""
    path = folder / "config.toml"
    path.write_text("".join(f"[[registry]]\n{rule}\n" for rule in rules))
    return Broker.from_config(path, environ={}, clock=clock, plugins=[plugin(*stubs)])
