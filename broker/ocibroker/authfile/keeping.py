"""A login and its secret, which may lie in another place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from ocibroker.authfile.keyring import Keyring
from ocibroker.authfile.login import Login
from ocibroker.authfile.store import put_login
from ocibroker.credential import Basic
from ocibroker.errors import CredentialUnavailable, OcibrokerError, UsageError


def keep(path: Path, key: str, credential: Basic, keyring: Keyring | None) -> Login:
    """Store ``credential`` in ``keyring`` and the login without it in the file at ``path``; else all of it there.

    Returns the login as it is in the file. Raises :class:`~ocibroker.errors.CredentialUnavailable` for the keyring,
    :class:`~ocibroker.errors.UsageError` for a user name that is the secret itself, which the file would show, else
    what :func:`put_login` raises; then nothing is stored.
    """
    if keyring is None:
        login = Login(key, credential)
        put_login(path, login)
        return login
    if credential.username == credential.secret.reveal():
        hint = "write a rule with the provider of that registry, or keep both there: --file"
        raise UsageError(
            "the user name is the secret, and would lie in a file beside the keyring", culprit=key, hint=hint
        )
    login = Login(key, keyring=credential.username)
    keyring.put(key, credential.username, credential.secret)
    try:
        put_login(path, login)
    except OcibrokerError:
        keyring.remove(key, credential.username)
        raise
    return login


def forget_secrets(logins: Iterable[Login]) -> tuple[CredentialUnavailable, ...]:
    """Remove the secrets that a keyring holds for ``logins``, and return why some are still there."""
    return tuple(_failures(logins))


def _failures(logins: Iterable[Login]) -> Iterator[CredentialUnavailable]:
    for login in logins:
        if login.keyring:
            try:
                Keyring.system().remove(login.key, login.keyring)
            except CredentialUnavailable as error:
                yield error
