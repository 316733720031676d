"""One reading of the configuration and the broker that was made of it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from ocibroker.broker import Broker
from ocibroker.config import Config


@dataclass(frozen=True, slots=True, eq=False)
class Generation:
    """``number`` counts from 1 on. Its broker is closed after its last user has left."""

    number: int
    config: Config
    broker: Broker


class Generations(Protocol):
    """Which of them serves."""

    def lease(self) -> AbstractContextManager[Generation]:
        """Have the one that serves now for a block: it is not closed meanwhile, though another may follow it."""
        ...
