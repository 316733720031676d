"""Machines of one fleet: each with a configuration, and with a store or a broker of its own."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ocibroker import Broker
from ocibroker.cache import open_shared
from ocibroker.cache.redis import RedisStore
from ocibroker.clock import Clock, SystemClock
from ocibroker.config import load_config
from ocibroker.provider import Provider
from ocibroker.scratch import Scratch
from ocibroker.tls import TLSPolicies
from tests.e2e.authority import Authority
from tests.fleet.redis_server import NAME, PASSWORD, USER, RedisServer
from tests.transport.brokers import NOTHING
from tests.transport.made_provider import Plugin

KEY, OTHER_KEY = (base64.b64encode(bytes([octet]) * 32).decode() for octet in (7, 8))
PATIENT = 5.0
"""Seconds for a look into the store, in a test that is not about the time that it takes."""

ENVIRON: Mapping[str, str] = MappingProxyType({"PASSWORD": PASSWORD, "KEY": KEY, "OTHER_KEY": OTHER_KEY})


@dataclass
class Fleet:
    """Makes what is on its machines; ``folder`` holds their configurations.

    It has a tenant of its own: another test's broker may still be at work.
    """

    server: RedisServer
    authority: Authority
    folder: Path
    stores: list[RedisStore] = field(default_factory=list)
    brokers: list[Broker] = field(default_factory=list)

    @property
    def tenant(self) -> str:
        return self.folder.name.lower()

    def names(self, tenant: str = "") -> list[str]:
        """Return the names that a tenant, its own unless said otherwise, has in the store."""
        found: list[bytes] = self.server.ask("KEYS", f"ocibroker:{tenant or self.tenant}:*")
        return sorted(name.decode() for name in found)

    def entry(self, tenant: str = "") -> str:
        """Return the name of the one entry."""
        (name,) = (name for name in self.names(tenant) if not name.endswith(":lease"))
        return name

    def route(self, host: str, port: int) -> tuple[str, int]:
        return "127.0.0.1", port

    def table(self, **changed: str) -> str:
        """Return ``[cache]`` with some values written otherwise; an empty one is left out."""
        values = {
            "store": f'"rediss://{NAME}:{self.server.port}/0"',
            "username": f'"{USER}"',
            "password": '{ env = "PASSWORD" }',
            "encryption_key": '{ env = "KEY" }',
            "tenant": f'"{self.tenant}"',
            **changed,
        }
        lines = (f"{key} = {value}\n" for key, value in values.items() if value)
        return "[cache]\n" + "".join(lines)

    def trust(self, port: int | None = None) -> str:
        return f'[[tls]]\nmatch = "{NAME}:{port or self.server.port}"\nca = ["{self.authority.bundle}"]\n'

    def configuration(self, text: str) -> Path:
        path = self.folder / f"config-{len([*self.folder.iterdir()])}.toml"
        path.write_text(text)
        path.chmod(0o600)
        return path

    def store(
        self,
        *,
        clock: Clock | None = None,
        budget: float = PATIENT,
        trust: str | None = None,
        changed: Mapping[str, str] = NOTHING,
        **more: str,
    ) -> RedisStore:
        """Return a store as of another process; ``changed`` and ``more`` are what its table says otherwise."""
        text = self.table(**changed, **more) + (self.trust() if trust is None else trust)
        config = load_config(self.configuration(text), ENVIRON)
        assert config.shared is not None
        clock = clock or SystemClock()
        policies = TLSPolicies(config.tls, environ={}, monotonic=clock.monotonic, scratch=Scratch())
        made = open_shared(config.shared, policies=policies, clock=clock, route=self.route, budget=budget)
        self.stores.append(made)
        return made

    def broker(
        self, provider: Provider[Any], text: str, *, store: RedisStore | None = None, clock: Clock | None = None
    ) -> Broker:
        """Return a broker as of another machine."""
        config = load_config(self.configuration(text), ENVIRON, plugins=[Plugin(provider)])
        made = Broker(config, environ=ENVIRON, route=self.route, store=store, clock=clock)
        self.brokers.append(made)
        return made

    def close(self) -> None:
        for store in self.stores:
            store.close()
        for broker in self.brokers:
            broker.close()
