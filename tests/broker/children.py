"""What the tests of forked children run in a process of their own: ``python children.py CONFIGURATION ROOTS PORT``.

It has a broker at work, with connections, workers and callers in other threads, and forks again and again.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from ocibroker import Bearer, Broker, Secret
from ocibroker.provider import Credential, FetchRequest
from tests.cache.processes import together
from tests.transport.made_provider import MadeProvider, NoOptions, Plugin

CHILDREN = 20
HURRY = 20
"""Seconds after which a child that hangs is ended."""


def unmeasured(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which nobody measures coverage.

    Its tracer has a lock of its own, which nobody gives back in a child if another thread held it at the fork.
    """
    return {name: value for name, value in environ.items() if not name.startswith("COVERAGE_")}


class Service:
    """A provider that asks a server, but ``hangs`` waits in the first process for what never comes."""

    def __init__(self) -> None:
        self.parent = os.getpid()
        self.hanging = threading.Event()
        self.provider = MadeProvider(self.fetch)

    def fetch(self, request: FetchRequest[NoOptions]) -> Credential:
        if request.target.host == "hangs.test" and os.getpid() == self.parent:
            self.hanging.set()
            threading.Event().wait()
        answer = request.http.post("https://tokens.test/token", content=str(os.getpid()))
        return Bearer(secret=Secret(answer.text), expires_at=request.clock.now() + timedelta(hours=1))


def secret(broker: Broker, target: str) -> str:
    credential = broker.access(target, deadline=10.0, fresh=True).credential
    assert isinstance(credential, Bearer)
    return credential.secret.reveal()


def in_child(broker: Broker, ca_file: Path) -> None:
    """Ask for what nobody asks for, for what hangs in the parent, and for what is known."""
    signal.alarm(HURRY)
    broker.access("registry.test/app", deadline=10.0)
    for target in ("registry.test/app", "hangs.test/app", "other.test/app"):
        assert secret(broker, target) == f"a-token-for-{os.getpid()}"
    assert broker.access("registry.test/app").tls.ca_file() != ca_file
    broker.close()
    assert ca_file.exists()


def main(configuration: str, roots: str, port: str) -> int:
    service, ended = Service(), threading.Event()
    broker = Broker.from_config(
        configuration,
        environ={"SSL_CERT_FILE": roots},
        route=lambda *_: ("127.0.0.1", int(port)),
        plugins=[Plugin(service.provider)],
    )
    ca_file = broker.access("registry.test/app").tls.ca_file()
    threading.Thread(target=lambda: broker.access("hangs.test/app", deadline=600.0), daemon=True).start()
    service.hanging.wait(10)

    def call() -> None:
        for number in range(1_000_000):
            broker.access(f"registry.test/{number % 5000}", fresh=number % 50 == 0)
            if ended.is_set():
                return

    callers = [threading.Thread(target=call) for _ in range(2)]
    for caller in callers:
        caller.start()
    failed = sum(together([lambda: in_child(broker, ca_file)]) for _ in range(CHILDREN))
    ended.set()
    for caller in callers:
        caller.join()
    assert secret(broker, "registry.test/app") == f"a-token-for-{os.getpid()}"
    assert ca_file.exists()
    broker.close()
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
