"""What the tests of killed and of several processes run in children: ``python processes.py DEED FOLDER``."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import FrameType

from ocibroker.setup import Journal, Plan, Read, apply, undo
from ocibroker.setup.members import put_members
from ocibroker.setup.plan import Planned

BEFORE = b'{"auths": {"a.test": {"auth": "eDp5"}}}'
STAYING, MADE = "staying.json", "made/deep/ca.crt"
TOUCHING = {"open", "write", "flush", "fchmod", "fchown", "fsync", "rename", "unlink", "mkdir", "rmdir", "flock"}
State = dict[str, bytes]


def planned(folder: Path, *hosts: str) -> Callable[[Read], Plan]:
    """Plan an entry in a file that is there, and a file in folders that are not."""

    def make(read: Read) -> Plan:
        text = put_members(
            (read(folder / STAYING) or b"").decode(), "credHelpers", dict.fromkeys(hosts, "ocibroker")
        )
        made = Planned(folder / MADE, "".join(hosts).encode())
        return Plan((Planned(folder / STAYING, text.encode(), "json"), made))

    return make


def state(folder: Path) -> State:
    """What a tool would read; what a crash leaves beside it has a name that no tool looks for."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def killed_at(step: int, deed: Callable[[], object]) -> bool:
    """Do it in a child that is killed before that call that touches a file; whether there was such a call."""
    child = os.fork()
    if child == 0:
        done = 0

        def trace(frame: FrameType, event: str, argument: object) -> None:
            nonlocal done
            done += event == "c_call" and getattr(argument, "__name__", "") in TOUCHING
            if done == step:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(trace)
        deed()
        sys.setprofile(None)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def fresh(root: Path) -> tuple[Path, Journal]:
    """Make a home as it was before anything was set up."""
    shutil.rmtree(root, ignore_errors=True)
    (root / "home").mkdir(parents=True, mode=0o700)
    (root / "home" / STAYING).write_bytes(BEFORE)
    return root / "home", Journal(root / "state" / "tool")


def crashes(
    root: Path, first: tuple[str, ...], deed: Callable[[Path, Journal], object]
) -> Iterator[tuple[State, State]]:
    """Be killed at each step of ``deed``; yield what is left, and what it is once all is taken back."""
    for step in count(1):
        home, journal = fresh(root)
        if first:
            apply(planned(home, *first), journal)
        died = killed_at(step, lambda home=home, journal=journal: deed(home, journal))  # type: ignore[misc]  # a lambda
        left = state(home)
        undo(journal)
        yield left, state(home)
        if not died:
            return


def crash(root: Path) -> None:
    """Look at every step: each file is the old or the new one, and undoing leads back to the first state."""
    home, _ = fresh(root)
    original = state(home)
    deeds: list[tuple[tuple[str, ...], Callable[[Path, Journal], object]]] = [
        ((), lambda home, journal: apply(planned(home, "one"), journal)),
        (("one",), lambda home, journal: apply(planned(home, "one", "two"), journal)),
        (("one",), lambda home, journal: undo(journal)),
    ]
    steps = 0
    for first, deed in deeds:
        seen: dict[str, set[bytes | None]] = {STAYING: set(), MADE: set()}
        for left, taken_back in crashes(root, first, deed):
            assert taken_back == original
            for name, contents in seen.items():
                contents.add(left.get(name))
            steps += 1
        assert {len(contents) for contents in seen.values()} == {2}, seen
    sys.stdout.write(f"{steps}")


def together(root: Path, processes: int) -> None:
    """Set up from many processes at once; each names hosts of its own."""
    home, journal = fresh(root)
    children = []
    for number in range(processes):
        child = os.fork()
        if child == 0:
            try:
                apply(planned(home, f"host-{number}"), journal)
            except BaseException as error:  # noqa: BLE001  # it must not come back into the parent's code
                sys.stderr.write(f"{type(error).__name__}: {error}\n")
                os._exit(1)
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * processes
    told = {name: content for name, content in state(home).items() if name != STAYING}
    last = told[MADE].decode()
    assert state(home)[STAYING].count(b"host-") == 1
    assert f'"{last}"'.encode() in state(home)[STAYING]
    undo(journal)
    assert state(home) == {STAYING: BEFORE}


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    crash(folder) if sys.argv[1] == "crash" else together(folder, 12)
