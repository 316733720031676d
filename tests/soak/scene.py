"""Where faults happen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tests.soak.duty import Duty
from tests.soak.fleet import Fleet

Fault = Callable[["Scene"], AbstractContextManager[None]]


@dataclass(frozen=True)
class Scene:
    """Who is on duty, for which registries; ``pause`` waits for so many seconds."""

    fleet: Fleet
    duty: Duty
    pause: Callable[[float], object]
