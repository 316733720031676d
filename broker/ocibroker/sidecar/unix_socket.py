"""A Unix socket at a place of the file system: it takes no living one's place, and is never open wider than meant.

It is bound in a folder that nobody else can enter, gets its mode and owner there, and is then renamed to where it
belongs: there is no moment at which it could be reached earlier, or at which there is none where a dead one was.
(On Linux its mode is set before it has a name at all.)
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ocibroker.config import UnixListening
from ocibroker.errors import ConfigurationError
from ocibroker.filelock import lock
from ocibroker.sidecar.socket_folder import socket_folder
from ocibroker.sidecar.socket_owner import SocketOwner
from ocibroker.sidecar.vacancy import vacate

_LONGEST: Final = 107 if hasattr(socket, "SO_PEERCRED") else 103
"""Bytes of ``sun_path``, less its NUL: of Linux, of the BSDs and macOS (unix(7), unix(4))."""

_BACKLOG: Final = 4096
"""Who does not wait to connect is refused at once beyond that; the system may allow fewer."""


@dataclass(frozen=True, slots=True, eq=False)
class UnixSocket:
    """A listening socket and where it is to be found."""

    socket: socket.socket
    path: Path
    file: os.stat_result

    def withdraw(self) -> None:
        """Take the name away, unless something else stands there by now; who has connected stays connected."""
        with suppress(OSError):
            if os.path.samestat(self.path.lstat(), self.file):
                self.path.unlink()


@contextmanager
def unix_socket(path: Path, settings: UnixListening) -> Iterator[UnixSocket]:
    """Listen at ``path`` for a block; of ``settings``, the mode, the owner and who may call count.

    Raises :class:`~ocibroker.errors.ConfigurationError`, with what is there untouched: where another process
    serves, where something else than a socket of ours stands there, where the path is too long, or where others
    could take its place.
    """
    owner = SocketOwner.parse(settings.owner)
    check_owner(settings, owner)
    check_mode(settings, owner)
    for_others = settings.mode != 0o600 or owner.uid not in {-1, os.geteuid()}
    path = socket_folder(path.parent, passable=for_others) / path.name
    staging = path.with_name(f".{path.name}")
    _check_length(path, staging / "s")
    with _held(path):
        vacate(path, {os.geteuid(), owner.uid})
        bound = _bound(path, staging, settings.mode, owner)
        try:
            yield bound
        finally:
            bound.withdraw()
            bound.socket.close()


def check_owner(settings: UnixListening, owner: SocketOwner) -> None:
    """Raise :class:`~ocibroker.errors.ConfigurationError` for an owner who may not call."""
    if owner.uid not in {-1, 0, os.geteuid(), *settings.allow_uids}:
        hint = f"add {owner.uid} to sidecar.allow_uids"
        raise ConfigurationError("gives the socket to a user who may not call", culprit="sidecar.owner", hint=hint)


def check_mode(settings: UnixListening, owner: SocketOwner) -> None:
    """Raise :class:`~ocibroker.errors.ConfigurationError` for users whom the socket's mode keeps out."""
    if settings.mode == 0o600 and settings.allow_uids - {0, os.geteuid(), owner.uid}:
        why = "names users whom the socket's mode keeps out"
        raise ConfigurationError(
            why, culprit="sidecar.allow_uids", hint='set mode = "0660" with an owner, or "0666"'
        )


def _check_length(path: Path, longest: Path) -> None:
    size = len(os.fsencode(longest))
    if size > _LONGEST:
        most = _LONGEST - size + len(os.fsencode(path))
        why = f"is too long for a socket: {len(os.fsencode(path))} bytes, of which the system allows {most} here"
        raise ConfigurationError(why, culprit=str(path), hint="choose a shorter path")


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Be the only one that serves there. The lock file stays: who removes it would let two think so."""
    file = lock(path.with_name(f"{path.name}.lock"), 0)
    if file is None:
        raise ConfigurationError(
            "another process serves here", culprit=str(path), hint="stop it, or choose another path"
        )
    try:
        yield
    finally:
        os.close(file)


def _bound(path: Path, staging: Path, mode: int, owner: SocketOwner) -> UnixSocket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _private(staging) as name:
            with suppress(OSError):  # only Linux takes it
                os.fchmod(listening.fileno(), 0o600)
            listening.bind(os.fspath(name))
            name.chmod(0o600)
            owner.give(name)
            name.chmod(mode)
            listening.listen(_BACKLOG)
            listening.setblocking(False)  # noqa: FBT003  # its only argument
            file = name.lstat()
            name.rename(path)
    except OSError as error:
        why = f"cannot be made: {error.strerror}"
    except BaseException:
        listening.close()
        raise
    else:
        return UnixSocket(listening, path, file)
    listening.close()
    raise ConfigurationError(why, culprit=str(path), hint="see that the disk has room and that the folder is yours")


@contextmanager
def _private(staging: Path) -> Iterator[Path]:
    """Yield a name in a folder that is ours alone, and that is gone afterwards; so is one of a killed process."""
    if staging.exists() or staging.is_symlink():
        _remove(staging)
    staging.mkdir(0o700)
    try:
        yield staging / "s"
    finally:
        _remove(staging)


def _remove(staging: Path) -> None:
    """Remove the folder and the socket in it; raises ``OSError`` for anything else."""
    name = staging / "s"
    with suppress(FileNotFoundError):
        if stat.S_ISSOCK(name.lstat().st_mode):
            name.unlink()
    staging.rmdir()
