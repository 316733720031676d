"""A process of git's: it ends with us, and with the time that we have."""

from __future__ import annotations

import os
import selectors
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ocibroker.child import end, pipe
from ocibroker.errors import ConfigurationError

_LOOK: Final = 0.2
"""Seconds between two looks at what may stop it."""
_MOST: Final = 64 * 1024
"""Bytes of error output that are kept: the last ones."""

_SHELL: Final = "/bin/sh"
# Git has children of its own, all in one process group. Whoever kills us, the line is then cut without a word.
_GUARDED: Final = """\
{ trap "" HUP INT QUIT TERM; read -r word <"/dev/fd/$1" || kill -s KILL 0; } >/dev/null 2>&1 &
shift; exec "$@"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program, what it is told and what it inherits: ``environ`` is all of its environment.

    ``inherited`` are file descriptors that it and its children keep.
    """

    argv: Sequence[str]
    environ: Mapping[str, str]
    folder: Path
    inherited: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended. ``said`` is its error output, which may hold secrets: it is for looking at, not for showing."""

    status: int
    said: str = field(repr=False)


def run(command: Command, take: Callable[[bytes], None], check: Callable[[], None]) -> Ended:
    """Run ``command`` in a session of its own, without input, and hand its output to ``take``.

    ``check`` is called again and again. When it or ``take`` raises, and also when this process is killed, the whole
    process group is. Raises :class:`~ocibroker.errors.ConfigurationError` for what cannot be run.
    """
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as line, os.fdopen(writer, "wb", buffering=0) as word:
        child = _start(command, line.fileno())
        try:
            said = _converse(child, take, check)
            word.write(b"\n")
            return Ended(_status(child, check), said.decode("utf-8", "replace"))
        finally:
            end(child)


def _start(command: Command, line: int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603  # the shell reads nothing of argv
            [_SHELL, "-c", _GUARDED, "ocibroker-git", str(line), *command.argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=command.folder,
            env=command.environ,
            pass_fds=(line, *command.inherited),
            start_new_session=True,
        )
    except OSError as error:
        why = f"cannot be run: {error.strerror}"
    raise ConfigurationError(why, culprit=command.argv[0], hint="correct its mode, or PATH")


def _converse(child: subprocess.Popen[bytes], take: Callable[[bytes], None], check: Callable[[], None]) -> bytes:
    """Return the end of what it says on its error output, once it has closed both."""
    said = b""
    with selectors.DefaultSelector() as selector:
        for stream in (child.stdout, child.stderr):
            selector.register(pipe(stream), selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select(_LOOK):
                part = os.read(key.fd, _MOST)
                if not part:
                    selector.unregister(key.fileobj)
                elif key.fileobj is child.stdout:
                    take(part)
                else:
                    said = (said + part)[-_MOST:]
            check()
    return said


def _status(child: subprocess.Popen[bytes], check: Callable[[], None]) -> int:
    while True:
        try:
            return child.wait(_LOOK)
        except subprocess.TimeoutExpired:
            check()
