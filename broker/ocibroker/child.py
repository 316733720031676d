"""Running another program so that it can neither hang us, flood us, nor learn more than it must."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from ocibroker.deadline import Deadline
from ocibroker.errors import ConfigurationError, CredentialUnavailable, DeadlineExceeded
from ocibroker.helper_protocol import NESTED

if TYPE_CHECKING:
    import selectors
    import subprocess

LARGEST: Final = 1024 * 1024
"""Bytes of standard output."""

_PASSED_ON: Final = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "XDG_RUNTIME_DIR", "SYSTEMROOT")


@dataclass(frozen=True, slots=True)
class Completed:
    """How a child ended: its exit status, and what it wrote to standard output."""

    status: int
    stdout: bytes = field(repr=False)


def run(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    deadline: Deadline,
    stdin: bytes = b"",
    inherit: bool = False,
    variables: Mapping[str, str] | None = None,
) -> Completed:
    """Run ``argv`` without a shell, in a session of its own and in ``/``, and return how it ended.

    Its program is an absolute path. It gets few variables, or with ``inherit`` all of ``environ``, and beside them
    ``variables``. Its error output goes nowhere: it may hold secrets. When the deadline passes or the answer is
    refused, the whole process group is killed, also where the child itself has ended and left others behind.

    Raises :class:`~ocibroker.errors.ConfigurationError` for a program that cannot be run,
    :class:`~ocibroker.errors.DeadlineExceeded`, and :class:`~ocibroker.errors.CredentialUnavailable` for an
    answer above :data:`LARGEST` bytes.
    """
    import subprocess  # slow, and an answer that is remembered needs no child

    program = argv[0] if argv else ""
    if not Path(program).is_absolute():
        raise ConfigurationError(
            "is not an absolute path", culprit=f"program {program!r}", hint="write its full path"
        )
    # All, for a credential helper: AWS_PROFILE, DBUS_SESSION_BUS_ADDRESS, GNUPGHOME, PASSWORD_STORE_DIR, proxies
    # and what the next one reads. Docker starts them with all it has. They are the user's own programs and run as
    # that user, who owns these variables anyway: a list of names would break helpers and hide nothing.
    child = _start(argv, {**(environ if inherit else _few(environ)), **(variables or {})})
    try:
        stdout = _converse(child, stdin, deadline, program)
        return Completed(child.wait(_left(deadline, program)), stdout)
    except subprocess.TimeoutExpired:
        raise DeadlineExceeded("did not end in time", culprit=program) from None
    finally:
        end(child)


def _few(environ: Mapping[str, str]) -> Mapping[str, str]:
    return {name: environ[name] for name in _PASSED_ON if name in environ}


def _start(argv: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    import subprocess

    try:
        return subprocess.Popen(  # noqa: S603  # no shell, an absolute path, and argv from the configuration
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={**environ, NESTED: "1"},
            start_new_session=True,
        )
    except OSError as error:
        raise ConfigurationError(
            f"cannot be run: {error.strerror}", culprit=argv[0], hint="correct the path or the mode"
        ) from None
    except ValueError:
        raise ConfigurationError(
            "cannot be run: it holds a NUL or invalid Unicode", culprit=repr(argv[0])
        ) from None


def _converse(child: subprocess.Popen[bytes], stdin: bytes, deadline: Deadline, program: str) -> bytes:
    import selectors

    read, written, source, sink = b"", 0, pipe(child.stdout), pipe(child.stdin)
    os.set_blocking(sink.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(source, selectors.EVENT_READ)
        selector.register(sink, selectors.EVENT_WRITE)
        while selector.get_map():
            ready = selector.select(_left(deadline, program))
            for key, _ in ready:
                if key.fileobj is sink:
                    written = _feed(sink, stdin, written, selector)
                elif part := os.read(source.fileno(), 65536):
                    read += part
                else:
                    selector.unregister(source)
            if len(read) > LARGEST:
                raise CredentialUnavailable(f"wrote more than {LARGEST} bytes", culprit=program)
    return read


def _left(deadline: Deadline, program: str) -> float:
    try:
        return deadline.left()
    except DeadlineExceeded as error:
        raise error.restated(culprit=program) from None


def _feed(sink: IO[bytes], stdin: bytes, written: int, selector: selectors.BaseSelector) -> int:
    try:
        written += os.write(sink.fileno(), stdin[written:]) if written < len(stdin) else 0
    except BrokenPipeError:  # a child need not read what it is told
        written = len(stdin)
    if written >= len(stdin):
        selector.unregister(sink)
        sink.close()
    return written


def pipe(stream: IO[bytes] | None) -> IO[bytes]:
    """Return a child's ``stream``, which was asked for when it was started."""
    if stream is None:
        raise TypeError("the child was started without pipes")
    return stream


def end(child: subprocess.Popen[bytes]) -> None:
    """Kill ``child`` and its process group, unless it was waited for, collect it, and close its pipes."""
    import signal

    # Not poll(): it would collect a child that has ended, and its number could then be another group's.
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: nobody but a zombie is left in it
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream is not None:
            stream.close()
