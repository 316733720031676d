"""``oracle``: auth tokens of Oracle Cloud Infrastructure Registry.

https://docs.oracle.com/en-us/iaas/Content/Registry/Tasks/registrypushingimagesusingthedockercli.htm
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from ocibroker.provider import KeptLogin, LoginProvider, Options, Provider, SecretRef, providers

TESTED: Final = (("auth token of a user", "real: docker-registry, which knows the user by name"),)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""

# Not compiled, since only a rule of this provider needs it.
_NAMESPACE: Final = r"[a-z0-9]+"


class OracleOptions(Options, frozen=True, kw_only=True):
    """``namespace`` is the tenancy's, ``username`` the user's, with its identity domain in front if it has one.

    ``token`` is an auth token of the user's.
    """

    namespace: str
    username: str
    token: SecretRef

    def __post_init__(self) -> None:
        if not re.fullmatch(_NAMESPACE, self.namespace, re.ASCII):
            raise ValueError("namespace is no tenancy's: it has lower-case letters and digits only")
        if self.username.startswith(f"{self.namespace}/"):
            raise ValueError("username has the namespace in front: leave it out")


def _login(options: OracleOptions) -> KeptLogin:
    return KeptLogin.of(f"{options.namespace}/{options.username}", options.token)


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[OracleOptions] = LoginProvider("oracle", OracleOptions, _login)
    return [provider]
