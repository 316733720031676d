"""A token in a file, that callers over the network send."""

from __future__ import annotations

import hmac
import logging
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ocibroker.errors import ConfigurationError
from ocibroker.ownership import check_own
from ocibroker.sidecar.peer import Peer
from ocibroker.watch import Watch, look_closely

_SHORTEST: Final = 43
"""Characters of base64 for 256 bits."""

_LARGEST: Final = 4096
_TOKEN: Final = re.compile(rb"[A-Za-z0-9._~+/-]+=*")  # token68 of RFC 9110, section 11.2
_LOG: Final = logging.getLogger("ocibroker.sidecar")


class BearerFile:
    """Admits who sends the file's token (RFC 6750); the file is read again when it, its mode or owner has changed.

    It must be a regular file of root's or our own, with a mode of at most 0600; the construction raises
    :class:`~ocibroker.errors.ConfigurationError` otherwise. Where it is gone or unfit later, nobody is admitted
    until it is fit again: to remove a token is to revoke it.
    """

    __slots__ = ("_path", "_seen", "_token", "_watch")

    def __init__(self, path: Path, monotonic: Callable[[], float]) -> None:
        self._path = path
        self._watch = Watch((path,), monotonic, look_closely)
        self._seen = self._watch.seen()
        self._token = _read(path)

    def __call__(self, peer: Peer, authorization: bytes | None) -> bool:
        """Whether ``authorization`` is ``Bearer`` and the token; compares in constant time."""
        self._renew()
        scheme, _, given = (authorization or b"").partition(b" ")
        return scheme.lower() == b"bearer" and bool(self._token) and hmac.compare_digest(given, self._token)

    def _renew(self) -> None:
        if (seen := self._watch.seen()) == self._seen:
            return
        self._seen, self._token = seen, b""
        try:
            self._token = _read(self._path)
        except ConfigurationError as error:
            _LOG.warning("nobody is admitted by token: %s", error)


def _read(path: Path) -> bytes:
    """Return the token, or raise :class:`~ocibroker.errors.ConfigurationError`."""
    try:
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror}", "correct the path or the mode") from None
    try:
        check_own(
            path,
            os.fstat(file),
            forbidden=0o077,
            why="can be read or written by others",
            hint=f"chmod 600 {path}, and choose another token",
            instead="write a token into a file",
        )
        token = os.read(file, _LARGEST).strip()
    finally:
        os.close(file)
    if len(token) < _SHORTEST or not _TOKEN.fullmatch(token):
        raise _refused(path, "holds no token of 256 bits", f"openssl rand -base64 32 > {path}")
    return token


def _refused(path: Path, why: str, hint: str) -> ConfigurationError:
    return ConfigurationError(why, culprit=str(path), hint=hint)
