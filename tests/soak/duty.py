"""A sidecar on duty, which may be killed and followed by another."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from tests.sidecar.command import Sidecar


@dataclass
class Duty:
    """``process`` is the one that serves, ``starts`` when each was started, in the seconds of ``time.time``."""

    sidecar: Sidecar
    process: subprocess.Popen[bytes] = field(init=False)
    starts: list[float] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)

    @classmethod
    @contextmanager
    def begun(cls, sidecar: Sidecar) -> Iterator[Duty]:
        """Have one serve for a block."""
        duty = cls(sidecar)
        with duty._stack:
            duty.follow()
            yield duty

    def follow(self) -> None:
        """Have the next one serve."""
        self.starts.append(time.time())
        self.process = self._stack.enter_context(self.sidecar.serving())

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> float:
        """Return the seconds that it needs to end well, once it is told to; infinite where it does not end well."""
        begin = time.monotonic()
        self.process.terminate()
        return time.monotonic() - begin if self.process.wait(60) == 0 else float("inf")
