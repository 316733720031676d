"""Brokers with a configuration of the test's own; every host name leads to loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import httpx

from ocibroker import Access, Broker
from ocibroker.clock import Clock
from ocibroker.events import Observe
from ocibroker.provider import Provider
from ocibroker.transport import Route
from tests.transport.hand_clock import SleeplessClock
from tests.transport.made_provider import Plugin

NOTHING: Mapping[str, str] = MappingProxyType({})
Mode = Literal["sync", "async"]
MODES: tuple[Mode, Mode] = ("sync", "async")


@dataclass
class Desk:
    """Makes brokers whose configuration lies in ``folder``; ``roots`` is what the system trusts.

    ``ports`` leads a host and port to a port of loopback; other ports stay as they are.
    """

    folder: Path
    roots: Path
    ports: dict[tuple[str, int], int] = field(default_factory=dict)
    opened: list[Broker] = field(default_factory=list)

    def route(self, host: str, port: int) -> tuple[str, int]:
        return "127.0.0.1", self.ports.get((host, port), port)

    def broker(
        self,
        text: str = "",
        *,
        environ: Mapping[str, str] = NOTHING,
        clock: Clock | None = None,
        offered: Iterable[Provider[Any]] = (),
        route: Route | None = None,
        ahead: bool = True,
        observe: Observe | None = None,
        before: Broker | None = None,
    ) -> Broker:
        path = self.folder / f"config-{len(self.opened)}.toml"
        path.write_text(text)
        path.chmod(0o600)
        broker = Broker.from_config(
            path,
            environ={"SSL_CERT_FILE": str(self.roots), **environ},
            clock=clock or SleeplessClock(),
            route=route or self.route,
            plugins=[Plugin(*offered)],
            ahead=ahead,
            observe=observe,
            before=before,
        )
        self.opened.append(broker)
        return broker

    def close(self) -> None:
        for broker in self.opened:
            broker.close()


def rule(match: str, *, password: str = "wonder", more: str = "") -> str:
    """A rule that gives alice's password."""
    return (
        f'[[registry]]\nmatch = "{match}"\nprovider = "basic"\n'
        f'options = {{ username = "alice", password = "{password}" }}\n{more}\n'
    )


def made_rule(match: str, *, provider: str = "made", more: str = "") -> str:
    """A rule that names a provider without options."""
    return f'[[registry]]\nmatch = "{match}"\nprovider = "{provider}"\n{more}\n'


def exchange(access: Access, mode: Mode, method: str, url: str, **settings: Any) -> httpx.Response:  # noqa: ANN401
    """Make one request by a client of ``access``, in threads or in an event loop of its own."""
    if mode == "sync":
        with access.client() as http:
            return http.request(method, url, **settings)

    async def in_loop() -> httpx.Response:
        async with access.async_client() as http:
            return await http.request(method, url, **settings)

    return asyncio.run(in_loop())


def ask(broker: Broker, mode: Mode, target: str, **settings: Any) -> Access:  # noqa: ANN401
    """Ask for an access, in a thread or in an event loop of its own."""
    if mode == "sync":
        return broker.access(target, **settings)
    return asyncio.run(broker.access_async(target, **settings))
