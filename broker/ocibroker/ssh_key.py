"""A private key for SSH, and the host keys that may be at the other end."""

from __future__ import annotations

from dataclasses import dataclass

from ocibroker.errors import InvalidValue
from ocibroker.secret import Secret


class PrivateKey(Secret):
    """A private key as text: the one secret that has lines. Errors as :class:`~ocibroker.secret.Secret`."""

    __slots__ = ()

    allowed = frozenset("\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class SSHKey:
    """``private_key`` is what ``ssh -i`` takes, ``known_hosts`` the lines of sshd(8); empty where none are given.

    Raises :class:`~ocibroker.errors.InvalidValue` for what is no private key by its first line.
    """

    private_key: PrivateKey
    known_hosts: bytes = b""

    def __post_init__(self) -> None:
        first = self.private_key.reveal().lstrip("\n").partition("\n")[0]
        if not (first.startswith("-----BEGIN ") and first.endswith("PRIVATE KEY-----")):
            raise InvalidValue("is no private key", hint="give it in PEM or OpenSSH's own format")
