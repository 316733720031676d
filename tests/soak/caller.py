"""``python -m tests.soak.caller SOCKET RATE FILE HOST …``: ask for each in turn, so often a second; write it down.

A process of its own, so that what is timed is the sidecar and not the emulators. It ends with its standard input.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

import msgspec

from tests.sidecar.served import Client
from tests.soak.asked import Asked
from tests.soak.question import Asking, question

ROOT: Final = Path(__file__).parents[2]
WORKERS: Final = 8
"""Connections that are kept; who waits for one holds up none of the others."""
_PATIENCE: Final = 40.0
_AGAIN: Final = 0.05
_BEHIND: Final = 1.0
"""Seconds after which a question that could not be asked in time is not asked any more."""


@dataclass
class Caller:
    """Asks for ``hosts`` in turn, ``rate`` times a second; ``tell`` is given each outcome."""

    connect: Callable[[], Client]
    hosts: Sequence[str]
    rate: float
    tell: Callable[[Asked], object]
    over: threading.Event = field(default_factory=threading.Event)

    def work(self, number: int, of: int) -> None:
        """Be one of ``of`` workers, until it is over."""
        asking, begin = Asking(self.connect), time.monotonic()
        for turn in count(number, of):
            early = begin + turn / self.rate - time.monotonic()
            if early < -_BEHIND:
                continue
            if self.over.wait(max(early, 0)):
                break
            host = self.hosts[turn % len(self.hosts)]
            asked = asking.ask(host, question(host))
            self.tell(asked)
            if not asked.status:
                self.over.wait(_AGAIN)
        asking.close()


@contextmanager
def calling(place: Path, hosts: Sequence[str], rate: float, into: Path) -> Iterator[None]:
    """Have that done by a process, for a block; :func:`~tests.soak.asked.read` reads ``into`` afterwards."""
    command = [sys.executable, "-m", "tests.soak.caller", str(place), str(rate), str(into), *hosts]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE) as process:
        yield
        process.communicate(timeout=_PATIENCE)
        assert process.returncode == 0


def main(place: str, rate: str, into: str, *hosts: str) -> None:
    lock, encoder = threading.Lock(), msgspec.json.Encoder()
    with Path(into).open("wb") as file:

        def tell(asked: Asked) -> None:
            with lock:
                file.write(encoder.encode(asked) + b"\n")

        caller = Caller(lambda: Client.of(Path(place)), hosts, float(rate), tell)
        threads = [threading.Thread(target=caller.work, args=(number, WORKERS)) for number in range(WORKERS)]
        for thread in threads:
            thread.start()
        sys.stdin.read()
        caller.over.set()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
