"""Accesses as the files in which tools keep logins: Docker's ``config.json``, containers' ``auth.json``.

Docker finds a login by the host alone, so its file has one for each. That of containers finds it by the path first,
as containers-auth.json(5) has it, so a login is there for exactly what was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from ocibroker.access import Access
from ocibroker.authfile import Login, key_of
from ocibroker.authfile.entry import encode_entry
from ocibroker.credential import Anonymous, Bearer
from ocibroker.errors import CannotCarry, UsageError
from ocibroker.target import DOCKER_HUB, Target

_DOCKER_HUB_KEY: Final = "https://index.docker.io/v1/"
"""What Docker calls it in its file."""


def docker_config(accesses: Iterable[Access]) -> dict[str, Any]:
    """Return the ``config.json``; anonymous accesses have no place in it.

    Raises :class:`~ocibroker.errors.UsageError` for two credentials on one host.
    """
    return _document(accesses, _docker_key)


def auth_json(accesses: Iterable[Access]) -> dict[str, Any]:
    """Return the ``auth.json``; raises :class:`~ocibroker.errors.CannotCarry` for a bearer token."""
    given = tuple(accesses)
    for access in given:
        if isinstance(access.credential, Bearer):
            raise CannotCarry("an auth.json cannot carry a bearer token", culprit=str(access.target))
    return _document(given, key_of)


def earliest_expiry(accesses: Iterable[Access]) -> datetime | None:
    """Return when the first of the credentials expires; none where none does."""
    moments = (access.credential.expires_at for access in accesses if not isinstance(access.credential, Anonymous))
    return min(filter(None, moments), default=None)


def _document(accesses: Iterable[Access], key: Callable[[Target], str]) -> dict[str, Any]:
    auths: dict[str, Any] = {}
    for access in accesses:
        if isinstance(access.credential, Anonymous):
            continue
        name = key(access.target)
        entry = encode_entry(Login(name, access.credential))
        if auths.setdefault(name, entry) != entry:
            hint = "export them one by one, or as auth.json"
            raise UsageError("there is one place for two credentials", culprit=name, hint=hint)
    return {"auths": auths}


def _docker_key(target: Target) -> str:
    return _DOCKER_HUB_KEY if target.registry == DOCKER_HUB else target.registry
