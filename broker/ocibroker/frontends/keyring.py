"""A backend of the library ``keyring``: what pip, uv, twine and Poetry ask for the credential of a package index.

It answers for ``https://`` addresses whose host a rule or a provider's claim names, never with the login of another
tool, and stores nothing. Whatever goes wrong is a warning, and the next keyring is asked. Follows
https://keyring.readthedocs.io/en/latest/#write-your-own-keyring-backend; imported by every program that uses
``keyring``, it imports nothing of ocibroker before such an address comes.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Final, NoReturn

from keyring.backend import KeyringBackend
from keyring.credentials import SimpleCredential
from keyring.errors import PasswordDeleteError, PasswordSetError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocibroker.broker import Broker
    from ocibroker.credential import Basic

_LOG: Final = logging.getLogger("ocibroker.keyring")
_SCHEME: Final = "https://"


class _CannotSet(PasswordSetError, NotImplementedError):
    """The latter is what a chain of keyrings passes on to the next for."""


class _CannotDelete(PasswordDeleteError, NotImplementedError):
    """As above."""


class OcibrokerKeyring(KeyringBackend):
    """Asked before the system's own keyring, which has a priority of 5."""

    priority = 9.0

    def get_password(self, service: str, username: str) -> str | None:
        """Return the password for the address ``service``; none for another user than the credential's."""
        found = self.get_credential(service, username)
        return found.password if found else None

    def get_credential(self, service: str, username: str | None) -> SimpleCredential | None:
        """Return user name and password for the address ``service``; none as :meth:`get_password`."""
        found = _contained(service, os.environ)
        if found is None:
            return None
        if username and username != found.username:
            _LOG.warning("%s: the user name is %s, not the one that was asked for", service, found.shown_username)
            return None
        return SimpleCredential(found.username, found.secret.reveal())

    def set_password(self, service: str, username: str, password: str) -> NoReturn:
        """Raise ``PasswordSetError``: nothing is stored here."""
        raise _CannotSet("ocibroker stores nothing for others: a rule in its configuration decides")

    def delete_password(self, service: str, username: str) -> NoReturn:
        """Raise ``PasswordDeleteError``: nothing is stored here."""
        raise _CannotDelete("ocibroker stores nothing for others, so there is nothing to delete")


def credential_for(service: str, broker: Broker) -> Basic | None:
    """Return the credential for the address ``service``; none where nobody but other tools' logins has one.

    Raises :class:`~ocibroker.errors.OcibrokerError`; a credential without a user name is a
    :class:`~ocibroker.errors.CannotCarry`.
    """
    from ocibroker.credential import Anonymous, Basic
    from ocibroker.errors import CannotCarry, ConfigurationError
    from ocibroker.selection import LAST
    from ocibroker.target import Target

    target = Target.from_url(service)
    told = broker.explain(target)
    if told.error:
        raise ConfigurationError(told.error)
    others = {None} if told.rule else {None, LAST}
    if told.provider in others:
        return None
    access = broker.access(target)
    if access.provider in others or isinstance(access.credential, Anonymous):
        return None
    if not isinstance(access.credential, Basic):
        raise CannotCarry(
            "a package index takes a user name and a password, which this is not", culprit=str(target)
        )
    return access.credential


def _contained(service: str, environ: Mapping[str, str]) -> Basic | None:
    if not service.lower().startswith(_SCHEME) or environ.get("OCIBROKER_NESTED"):
        return None
    try:
        from ocibroker.broker import Broker

        with Broker.from_config(environ=environ, ahead=False, store="file") as broker:
            return credential_for(service, broker)
    except Exception as error:  # noqa: BLE001  # whatever it is, other keyrings must be asked
        why = _said(error)
    _LOG.warning("ocibroker: %s", why)
    return None


def _said(error: Exception) -> str:
    from ocibroker.errors import OcibrokerError

    return str(error) if isinstance(error, OcibrokerError) else f"unexpected {type(error).__name__}"
