"""Addresses of repositories that are reached over SSH, as git writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from ocibroker.errors import InvalidTarget
from ocibroker.host import shown, split_authority
from ocibroker.target import Target

_SCP: Final = re.compile(r"(?P<user>[A-Za-z0-9_][A-Za-z0-9_.+-]*)@(?P<host>[^@:/]+):(?P<path>[^:?#]+)", re.ASCII)
_SSH: Final = re.compile(r"ssh://(?:(?P<user>[^@/]*)@)?(?P<host>[^@/]+)/(?P<path>[^?#]+)", re.ASCII | re.IGNORECASE)
_USER: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*", re.ASCII)
_PATH: Final = re.compile(r"[A-Za-z0-9._~/][A-Za-z0-9._~/+@-]*", re.ASCII)
_PORT: Final = 22


def is_scp(text: str) -> bool:
    """Whether ``text`` is ``user@host:path``."""
    return _SCP.match(text) is not None


@dataclass(frozen=True, slots=True)
class SSHAddress:
    """``ssh://[user@]host[:port]/path``, or ``user@host:path`` where ``scp``: its path begins in the user's home.

    ``host`` is canonical. Nothing in it can be taken for an option, or for anything but what it is.
    """

    user: str
    host: str
    port: int
    path: str
    scp: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the address that ``text`` writes. Raises :class:`~ocibroker.errors.InvalidTarget`."""
        found = _SSH.fullmatch(text) or _SCP.fullmatch(text)
        if found is None:
            raise _refused(text, "is no address of a git repository", "write git@host:path, or ssh://git@host/path")
        user, path = found["user"], found["path"]
        if user is not None and not _USER.fullmatch(user):
            why = "carries a password, or no user name"
            raise _refused(f"ssh://…@{found['host']}", why, "SSH takes a key: leave the password out")
        if not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
            raise _refused(text, "has a path that cannot be passed on safely")
        host, port = split_authority(found["host"])
        return cls(user or "", host, port or _PORT, path, scp=found.re is _SCP)

    @property
    def url(self) -> str:
        """The address as git reads it."""
        user = f"{self.user}@" if self.user else ""
        return f"{user}{self.host}:{self.path}" if self.scp else f"ssh://{user}{self._authority}/{self.path}"

    @property
    def target(self) -> Target:
        """What rules see of it: the host, with its port where that is not SSH's own, and the path."""
        return Target(self._authority, "/".join(filter(None, self.path.split("/"))))

    @property
    def _authority(self) -> str:
        return self.host if self.port == _PORT else f"{self.host}:{self.port}"


def _refused(text: str, why: str, hint: str = "") -> InvalidTarget:
    return InvalidTarget(why, culprit=shown(text), hint=hint)
