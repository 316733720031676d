"""Which secret of which vault, and as whom it is asked for."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from ocibroker.provider import Ttl
from ocibroker_acr.options import AcrOptions

_CLOUDS: Final = MappingProxyType(
    {
        "vault.azure.net": "login.microsoftonline.com",
        "vault.azure.cn": "login.chinacloudapi.cn",
        "vault.usgovcloudapi.net": "login.microsoftonline.us",
    }
)
"""The domain of each cloud's vaults, which is the audience of its tokens too, and who signs in there.

https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates
"""

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_URL: Final = rf"https://{_LABEL}\.(?P<domain>{_LABEL}(?:\.{_LABEL})+)(?::\d+)?"
_NAME: Final = r"[A-Za-z0-9-]{1,127}"


class KeyVaultOptions(AcrOptions, frozen=True, kw_only=True):
    """``vault`` is the vault's URL, ``secret`` the secret's name; without ``version`` the current one is read.

    ``key`` is one of the keys of a secret that is a JSON object. The rest is as for ``acr``; ``audience`` is an
    ``https://`` URL, and needed where the host is none of a vault in one of Azure's own clouds.
    """

    vault: str
    secret: str
    version: str = ""
    key: str = ""
    ttl: Ttl = 300.0

    def __post_init__(self) -> None:
        if not self.domain:
            raise ValueError("vault is no URL of a vault: write https://name.vault.azure.net")
        if self.audience == "auto" and self.domain not in _CLOUDS:
            raise ValueError("vault is none in a cloud of Azure's: set audience and authority_host too")
        for name, looks in (("secret", _NAME), ("version", f"(?:{_NAME})?")):
            if not re.fullmatch(looks, getattr(self, name), re.ASCII):
                raise ValueError(f"{name} is none of a vault's")

    @property
    def domain(self) -> str:
        """The domain of the vault; nothing where it is no URL of one."""
        found = re.fullmatch(_URL, self.vault, re.ASCII)
        return found["domain"] if found else ""

    @property
    def of_its_cloud(self) -> KeyVaultOptions:
        """The same with the audience and the authority that the vault's domain means."""
        from msgspec.structs import replace as replaced  # here, since few configurations need it

        audience = f"https://{self.domain}" if self.audience == "auto" else self.audience
        authority = self.authority_host or _CLOUDS.get(self.domain, "")
        return replaced(self, audience=audience, authority_host=authority)
