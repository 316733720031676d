"""One entry of an authentication file."""

from __future__ import annotations

from dataclasses import dataclass

from ocibroker.credential import Credential
from ocibroker.errors import InvalidValue


@dataclass(frozen=True, slots=True)
class Login:
    """What a file holds under ``key``.

    ``keyring`` is the user name under which the operating system's keyring has the secret; it is empty where the
    file itself has it. With neither, the entry is the mark that Docker leaves behind where a helper has the secret.
    Raises :class:`~ocibroker.errors.InvalidValue` for both.
    """

    key: str
    credential: Credential | None = None
    keyring: str = ""

    def __post_init__(self) -> None:
        if self.credential is not None and self.keyring:
            raise InvalidValue("a secret is either in the file or in the keyring", culprit=self.key)
