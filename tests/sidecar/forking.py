"""What the test of a forked child runs in a process of its own: ``python forking.py SOCKET``.

It has a connected broker with a connection to the sidecar, forks, and asks in parent and children at once.
"""

from __future__ import annotations

import sys
from functools import partial

from ocibroker import Bearer, Broker
from tests.cache.processes import together

CHILDREN, QUESTIONS = 3, 100


def ask(broker: Broker, who: str) -> None:
    for number in range(QUESTIONS):
        name = f"{who}-{number}"
        credential = broker.access(f"registry.test/{name}").credential
        assert isinstance(credential, Bearer)
        assert credential.secret.reveal() == f"for-{name}"


def main(place: str) -> int:
    broker = Broker.connect(place, environ={})
    ask(broker, "first")

    failed = together([partial(ask, broker, f"child-{number}") for number in range(CHILDREN)])
    ask(broker, "last")
    broker.close()
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
