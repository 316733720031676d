"""What the tests of several processes run in children: ``python processes.py DEED FOLDER …``.

The children are forked from this process, which has imported everything, so that a hundred are there at once.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import FrameType

from ocibroker import Bearer, Broker, Secret
from ocibroker.cache import Entry, FileStore, Moment
from ocibroker.clock import SystemClock
from ocibroker.deadline import Deadline
from ocibroker.frontends.bazel import BAZEL
from ocibroker.provider import Credential, FetchRequest, Identity, Options, Request
from tests.transport.made_provider import Plugin

KEYS = 20
FIRST, SECOND = "first" * 1000, "second" * 1000


def entry(text: str, seconds: float) -> Entry:
    now = Moment.now(SystemClock())
    expires = now.wall + timedelta(seconds=seconds)
    return Entry(answer=Bearer(secret=Secret(text), expires_at=expires), at=now, share=0.6)


def hammer(folder: Path, number: int, operations: int) -> None:
    """Read and write at random; whatever is read must be whole, and never older than what this process has seen."""
    store, dice, seen = FileStore(folder), random.Random(number), dict[str, datetime]()
    for _ in range(operations):
        key = f"{dice.randrange(KEYS):064d}"
        if dice.random() < 0.3:
            with store.turn(key, Deadline.after(60)):
                store.put(key, entry(f"{key}-{number}-{dice.random()}", dice.uniform(3600, 7200)), "test")
        elif (found := store.get(key, Moment.now(SystemClock()))) is not None:
            assert isinstance(found.answer, Bearer)
            assert found.answer.secret.reveal().startswith(f"{key}-")
            assert found.answer.expires_at is not None
            assert found.answer.expires_at >= seen.get(key, datetime.min.replace(tzinfo=UTC))
            seen[key] = found.answer.expires_at


def die_at(step: int, folder: Path) -> bool:
    """Replace an entry and be killed at that call into C; whether there was such a call."""
    store, key = FileStore(folder), "0" * 64
    child = os.fork()
    if child == 0:
        count = 0

        def trace(frame: FrameType, event: str, argument: object) -> None:
            nonlocal count
            count += event == "c_call"
            if count == step:
                os.kill(os.getpid(), signal.SIGKILL)

        later = entry(SECOND, 7200)
        sys.setprofile(trace)
        store.put(key, later, "test")
        sys.setprofile(None)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def crash(folder: Path) -> None:
    """Be killed at each step of a write, and look each time at what is left: the old or the new, whole."""
    store, key, step, seen = FileStore(folder), "0" * 64, 1, set[str]()
    store.put(key, entry(FIRST, 3600), "test")
    while die_at(step, folder):
        found = store.get(key, Moment.now(SystemClock()))
        assert found is not None, step
        assert isinstance(found.answer, Bearer)
        seen.add(found.answer.secret.reveal())
        store.forget(key)
        store.put(key, entry(FIRST, 3600), "test")
        step += 1
    assert seen == {FIRST, SECOND}
    sys.stdout.write(f"{step}")


class Asking:
    """Asks a server for its token."""

    name = "made"
    options = Options

    def claim(self, target: object) -> None:
        return None

    def identity(self, request: Request[Options]) -> Identity:
        return Identity(("everybody",))

    def fetch(self, request: FetchRequest[Options]) -> Credential:
        answer = request.http.post("https://tokens.test/token")
        return Bearer(secret=Secret(answer.text), expires_at=request.clock.now() + timedelta(hours=1))


def asking(folder: Path, configuration: str, roots: str, port: int) -> Broker:
    return Broker.from_config(
        configuration,
        environ={"XDG_RUNTIME_DIR": str(folder), "SSL_CERT_FILE": roots},
        route=lambda *_: ("127.0.0.1", port),
        plugins=[Plugin(Asking())],
        ahead=False,
        store="file",
    )


def ask(folder: Path, configuration: str, roots: str, port: int) -> None:
    with asking(folder, configuration, roots, port) as broker:
        credential = broker.access("registry.test/app").credential
    assert isinstance(credential, Bearer)
    assert credential.secret.reveal() == "the-one-token"


def ask_as_bazel(folder: Path, configuration: str, roots: str, port: int) -> None:
    with asking(folder, configuration, roots, port) as broker:
        answer = BAZEL.answer("get", b'{"uri":"https://registry.test/app"}', broker)
    assert b'"Authorization":["Bearer the-one-token"]' in answer.stdout


def together(deeds: list[Callable[[], None]]) -> int:
    """Do each in a child of its own, and return how many failed."""
    children = []
    for deed in deeds:
        child = os.fork()
        if child == 0:
            try:
                deed()
            except BaseException as error:  # noqa: BLE001  # it must not come back into the parent's code
                sys.stderr.write(f"{type(error).__name__}: {error}\n")
                os._exit(1)
            os._exit(0)
        children.append(child)
    return sum(os.waitpid(child, 0)[1] != 0 for child in children)


def main(deed: str, folder: Path, *arguments: str) -> int:
    match deed:
        case "hammer":
            processes, operations = map(int, arguments)
            return together([partial(hammer, folder, at, operations) for at in range(processes)])
        case "crash":
            crash(folder)
        case "ask" | "ask as bazel":
            count, configuration, roots, port = arguments
            one = ask if deed == "ask" else ask_as_bazel
            return together([partial(one, folder, configuration, roots, int(port))] * int(count))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
