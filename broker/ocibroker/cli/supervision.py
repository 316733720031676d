"""Running a person's own program as if it had been started in our place."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final

from ocibroker.cli.terminal import Terminal

NOT_FOUND: Final = 127
NOT_EXECUTABLE: Final = 126
"""What a shell says of a program that is not there, or cannot be run."""

_KILLED: Final = 128
_OURS: Final = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")
_KEYS: Final = ("SIGINT", "SIGQUIT")
"""What the keys of a terminal send, to all in its foreground."""


def supervise(argv: Sequence[str], environ: Mapping[str, str], lifeline: int, terminal: Terminal) -> int:
    """Run ``argv`` with our streams and return its exit status, 128 and the number of the signal that ended it.

    Signals for us are passed on. ``lifeline`` is left open for it.
    """
    relay = _Relay()
    with relay.installed():
        try:
            child = subprocess.Popen(argv, env=environ, pass_fds=(lifeline,))  # noqa: S603  # the person's own command
        except OSError as error:
            terminal.note(f"{argv[0]}: {error.strerror}")
            return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
        relay.to(child)
        status = child.wait()
    return status if status >= 0 else _KILLED - status


class _Relay:
    """Passes signals on to a child, also those that came before it was there."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []

    @contextmanager
    def installed(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._receive) for number in map(_number, (*_OURS, *_KEYS))}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def to(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child
        while self._early:
            child.send_signal(self._early.pop(0))

    def _receive(self, number: int, _: FrameType | None) -> None:
        if signal.Signals(number).name in _KEYS and _in_foreground():
            return  # the child has got it as well
        if self._child is None:
            self._early.append(number)
        else:
            self._child.send_signal(number)


def _number(name: str) -> signal.Signals:
    return signal.Signals[name]


def _in_foreground() -> bool:
    """Whether a terminal's keys reach us, and with us the child, which is in our group."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
