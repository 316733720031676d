"""What the tests of a fleet run in processes of their own: ``python processes.py DEED CONFIGURATION PORT …``."""

from __future__ import annotations

import os
import sys
import threading
from functools import partial
from types import MappingProxyType

from ocibroker import Bearer, Broker
from ocibroker.cache import open_shared
from ocibroker.clock import SystemClock
from ocibroker.config import load_config
from ocibroker.provider import Credential, FetchRequest, Identity, Options, Request
from ocibroker.scratch import Scratch
from ocibroker.tls import TLSPolicies
from tests.cache.processes import Asking, together
from tests.fleet.redis_server import NAME
from tests.transport.made_provider import Plugin

PATIENT = 5.0
"""Seconds for a look into the store: many processes start at once, on few cores."""


class Everywhere(Asking):
    """The same account on every machine."""

    def identity(self, request: Request[Options]) -> Identity:
        return Identity(("everybody",), reach="global")


class Hanging(Everywhere):
    """Says that it was asked, and waits for what never comes."""

    def fetch(self, request: FetchRequest[Options]) -> Credential:
        sys.stdout.write("asked\n")
        sys.stdout.flush()
        threading.Event().wait()
        raise AssertionError


def machine(configuration: str, port: int, provider: Asking) -> Broker:
    """Return the broker of another machine. It reaches everything on loopback."""

    def route(host: str, wanted: int) -> tuple[str, int]:
        return "127.0.0.1", wanted if host == NAME else port

    environ = MappingProxyType(dict(os.environ))
    config = load_config(configuration, environ, plugins=[Plugin(provider)])
    assert config.shared is not None
    clock = SystemClock()
    policies = TLSPolicies(config.tls, environ=environ, monotonic=clock.monotonic, scratch=Scratch())
    store = open_shared(config.shared, policies=policies, clock=clock, route=route, budget=PATIENT)
    return Broker(config, environ=environ, route=route, store=store, ahead=False)


def ask(configuration: str, port: int) -> None:
    with machine(configuration, port, Everywhere()) as broker:
        credential = broker.access("registry.test/app").credential
    assert isinstance(credential, Bearer)
    assert credential.secret.reveal() == "the-one-token"


def hang(configuration: str, port: int) -> None:
    with machine(configuration, port, Hanging()) as broker:
        broker.access("registry.test/app", deadline=600.0)


def fork(configuration: str, port: int) -> int:
    """Ask in children while the parent uses the same store."""
    broker = machine(configuration, port, Everywhere())
    ended = threading.Event()
    broker.access("registry.test/app")

    def use() -> None:
        number = 0
        while not ended.is_set():
            broker.access(f"registry.test/{(number := number + 1)}", fresh=True)

    user = threading.Thread(target=use)
    user.start()
    failed = sum(together([lambda: _in_child(broker)]) for _ in range(10))
    ended.set()
    user.join()
    broker.access("registry.test/app", fresh=True)
    broker.close()
    return failed


def _in_child(broker: Broker) -> None:
    with broker:
        broker.access("registry.test/app", fresh=True, deadline=10.0)


def main(deed: str, configuration: str, port: int, *arguments: str) -> int:
    match deed:
        case "ask":
            (count,) = map(int, arguments)
            return together([partial(ask, configuration, port)] * count)
        case "hang":
            hang(configuration, port)
        case "fork":
            return fork(configuration, port)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:]))
