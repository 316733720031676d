"""One reading of the configuration and the broker that was made of it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from ocibroker.broker import Broker
from ocibroker.config import Allowance, Config, SidecarSettings
from ocibroker.providers import Installed
from ocibroker.sidecar.entrance import Entrances
from ocibroker.sidecar.listener import ListenerName


@dataclass(frozen=True, slots=True, eq=False)
class Generation:
    """``number`` counts from 1 on. Its broker is closed after its last user has left.

    ``entrances`` say who may come in; ``started`` is what the process began with, none for the first. ``installed``
    are the plugins of other distributions, whether anything of them is loaded or not.
    """

    number: int
    config: Config
    broker: Broker
    entrances: Entrances = field(default_factory=dict)
    started: SidecarSettings | None = None
    installed: tuple[Installed, ...] = ()

    def allowance(self, name: ListenerName) -> Allowance:
        """Return what that listener's callers may ask for; nothing may be asked of the one for health."""
        settings = self.config.sidecar
        if name == "tcp" and settings.tcp is not None:
            return settings.tcp.allowance
        return settings.socket.allowance if name == "socket" else Allowance(targets=())


class Generations(Protocol):
    """Which of them serves."""

    def lease(self) -> AbstractContextManager[Generation]:
        """Have the one that serves now for a block: it is not closed meanwhile, though another may follow it."""
        ...
