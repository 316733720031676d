"""Whom a socket is given to."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from ocibroker.errors import ConfigurationError

_UNCHANGED: Final = -1


@dataclass(frozen=True, slots=True)
class SocketOwner:
    """A user and a group by their numbers; -1 leaves what is."""

    uid: int = _UNCHANGED
    gid: int = _UNCHANGED

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """Return whom ``user``, ``user:group`` or ``:group`` names; names or numbers.

        Raises :class:`~ocibroker.errors.ConfigurationError` for one that does not exist.
        """
        import grp  # here: these are not on Windows, where the rest of the package is imported too
        import pwd

        user, colon, group = (text or "").partition(":")
        if text is not None and not user and not group:
            raise ConfigurationError(
                "names nobody", culprit="sidecar.owner", hint="write user, user:group or :group"
            )
        if colon and not group:
            raise ConfigurationError("names no group", culprit="sidecar.owner", hint="leave out the colon")
        return cls(
            _number(user, lambda name: pwd.getpwnam(name).pw_uid),
            _number(group, lambda name: grp.getgrnam(name).gr_gid),
        )

    def give(self, path: Path) -> None:
        """Give ``path`` to them; raises :class:`~ocibroker.errors.ConfigurationError` where that is not allowed."""
        if (self.uid, self.gid) == (_UNCHANGED, _UNCHANGED):
            return
        try:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)
        except OSError as error:
            why = f"cannot be given to its owner: {error.strerror}"
        else:
            return
        raise ConfigurationError(why, culprit="sidecar.owner", hint="serve as root, or leave it out")


def _number(name: str, look_up: Callable[[str], int]) -> int:
    if not name:
        return _UNCHANGED
    if name.isascii() and name.isdecimal() and len(name) < 10:
        return int(name)
    try:
        return look_up(name)
    except (KeyError, ValueError):
        pass
    raise ConfigurationError("is no user or group here", culprit=repr(name), hint="correct sidecar.owner")
