"""Logins in the form of Docker's files."""

from __future__ import annotations

from typing import Final

from ocibroker.provider import (
    AuthFile,
    ConfigurationError,
    Credential,
    CredentialUnavailable,
    Target,
)
from ocibroker_kubernetes import keys
from ocibroker_kubernetes.secret_data import SecretData

_TYPES: Final = ((keys.DOCKER_CONFIG_TYPE, keys.DOCKER_CONFIG), (keys.DOCKER_CFG_TYPE, keys.DOCKER_CFG))


def logins_of(data: SecretData) -> AuthFile | None:
    """Return the logins in ``data``, or none where it is a secret of another kind.

    Raises :class:`~ocibroker.errors.CredentialUnavailable` for what is no such file.
    """
    for kind, key in _TYPES:
        value = data.value(key)
        if value is None and data.kind == kind:
            raise CredentialUnavailable(f"holds no {key}", culprit=data.source, hint="correct the secret")
        if value is not None:
            try:
                return AuthFile.parse(value.content, source=value.culprit, legacy=key == keys.DOCKER_CFG)
            except ConfigurationError as error:
                failure = error
            raise _broken(failure)
    return None


def login_in(logins: AuthFile, target: Target) -> Credential | None:
    """Return the most specific login for ``target``, or none.

    Raises :class:`~ocibroker.errors.CredentialUnavailable` for an entry that is broken.
    """
    try:
        login = logins.login(target)
    except ConfigurationError as error:
        failure = error
    else:
        return login.credential if login else None
    raise _broken(failure)


def _broken(error: ConfigurationError) -> CredentialUnavailable:
    return CredentialUnavailable(error.message, culprit=error.culprit, hint="correct it in the secret")
