"""The clouds of Azure: where each signs people in, and what its tokens may be for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ocibroker.provider import CredentialUnavailable, Request
from ocibroker_acr.options import AcrOptions
from ocibroker_acr.registry import suffix_of

ACR: Final = "https://containerregistry.azure.net"
"""The audience of tokens for registries, in every cloud."""

VARIABLE: Final = "AZURE_AUTHORITY_HOST"

_AUTHORITY: Final = re.compile(r"(?:https://)?(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?)/?", re.ASCII)
_AUDIENCE: Final = re.compile(r"https://[A-Za-z0-9._:/-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where Entra ID answers, and the audience of tokens for Resource Manager, where it is known."""

    authority: str
    arm: str = ""


PUBLIC_CLOUD: Final = Cloud("login.microsoftonline.com", "https://management.azure.com")

_CLOUDS: Final[Mapping[str, Cloud]] = MappingProxyType(
    {
        "azurecr.io": PUBLIC_CLOUD,
        "azurecr.cn": Cloud("login.chinacloudapi.cn", "https://management.chinacloudapi.cn"),
        "azurecr.us": Cloud("login.microsoftonline.us", "https://management.usgovcloudapi.net"),
    }
)
"""By the domain of its registries.

https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
"""

_ALIASES: Final[Mapping[str, Cloud]] = MappingProxyType(
    {
        **{cloud.authority: cloud for cloud in _CLOUDS.values()},
        "login.microsoft.com": PUBLIC_CLOUD,
        "login.windows.net": PUBLIC_CLOUD,
        "login.partner.microsoftonline.cn": _CLOUDS["azurecr.cn"],
        "login.usgovcloudapi.net": _CLOUDS["azurecr.us"],
    }
)


def cloud_of(request: Request[AcrOptions]) -> Cloud:
    """Return the cloud that signs in for the target: the rule's, else the host's, else the environment's.

    Raises :class:`~ocibroker.errors.CredentialUnavailable` where they contradict each other: an identity of one
    cloud is nothing to show to another.
    """
    of_host = _CLOUDS.get(suffix_of(request.target.host))
    if said := request.options.authority_host:
        named, source, hint = _named(said, "authority_host"), "the rule", "remove authority_host from the options"
    elif said := request.environ.get(VARIABLE, ""):
        named, source, hint = _named(said, VARIABLE), VARIABLE, "unset it, or write a rule with authority_host"
    else:
        return of_host or PUBLIC_CLOUD
    if of_host and named != of_host and (source == VARIABLE or named in _CLOUDS.values()):
        why = f"the host is in the cloud of {of_host.authority}, and {source} says {named.authority}"
        raise CredentialUnavailable(why, culprit=request.target.host, hint=hint)
    return named


def _named(said: str, where: str) -> Cloud:
    found = _AUTHORITY.fullmatch(said.strip().lower())
    if found is None:
        raise CredentialUnavailable(
            "is no host of Entra ID", culprit=where, hint="write it as login.microsoftonline.com"
        )
    return _ALIASES.get(found["host"], Cloud(found["host"]))


def audiences_of(request: Request[AcrOptions], cloud: Cloud) -> tuple[str, ...]:
    """Return what to ask a token for, in turn.

    Raises :class:`~ocibroker.errors.CredentialUnavailable` for an audience that is none.
    """
    said = request.options.audience
    if said == "auto":
        return (ACR, cloud.arm) if cloud.arm else (ACR,)
    if said == "acr":
        return (ACR,)
    if said == "arm" and cloud.arm:
        return (cloud.arm,)
    if said == "arm":
        why, hint = f"which audience Resource Manager has at {cloud.authority} is not known", "write its URL"
    elif _AUDIENCE.fullmatch(said):
        return (said.rstrip("/"),)
    else:
        why, hint = "is no audience", "write auto, acr, arm, or an https:// URL"
    raise CredentialUnavailable(why, culprit="audience", hint=hint)
