"""A folder that goes away with those who use it, also when they are killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from ocibroker.errors import UsageError

_SHELL: Final = "/bin/sh"
_WATCH: Final = 'trap "" HUP INT QUIT TERM; read -r end || rm -rf -- "$1"'
"""A line says that the folder is gone already; the end of input, that nobody is left to remove it."""


@dataclass(frozen=True, slots=True)
class GuardedFolder:
    """A folder of mode 0700. It is kept as long as a process has ``lifeline`` open, a file descriptor."""

    path: Path
    lifeline: int


@contextmanager
def guarded_folder(environ: Mapping[str, str]) -> Iterator[GuardedFolder]:
    """Make a folder, in memory where the user has such a place, and remove it at the end.

    A small process of its own, in its own session, removes it where this process is killed: once all who were given
    the lifeline have ended too. Raises :class:`~ocibroker.errors.UsageError` where there is no place or no shell.
    """
    path = _made(environ)
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as end, os.fdopen(writer, "wb", buffering=0) as lifeline:
        watcher = _watcher(path, end)
        try:
            yield GuardedFolder(path, lifeline.fileno())
        finally:
            shutil.rmtree(path, ignore_errors=True)
            lifeline.write(b"\n")
            watcher.wait()


def _made(environ: Mapping[str, str]) -> Path:
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    in_memory = Path(runtime).is_absolute() and os.access(runtime, os.W_OK)
    place = runtime if in_memory else environ.get("TMPDIR") or None
    try:
        return Path(tempfile.mkdtemp(prefix="ocibroker-run-", dir=place))
    except OSError as error:
        why = f"cannot be written: {error.strerror}"
    raise UsageError(why, culprit=place or "temporary folder", hint="set TMPDIR")


def _watcher(path: Path, end: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603  # no word of it is anybody else's
            [_SHELL, "-c", _WATCH, "ocibroker-run", str(path)],
            stdin=end,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath},
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        why = f"cannot be run: {error.strerror}"
    shutil.rmtree(path, ignore_errors=True)
    raise UsageError(why, culprit=_SHELL)
