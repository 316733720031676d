"""What the host of a registry says: the service, the region, and which of its endpoints gives tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ocibroker.provider import CredentialUnavailable, Request
from ocibroker_ecr.options import EcrOptions

PUBLIC: Final[Mapping[str, bool]] = MappingProxyType({"public.ecr.aws": False, "ecr-public.aws.com": True})
"""The hosts of ECR Public, and whether they are reached over IPv6 as well."""

PUBLIC_REGION: Final = "us-east-1"
"""The one region that gives tokens for ECR Public."""

_PARTITIONS: Final = (
    (r"(?!cn-|us-iso|eu-iso|eusc-)[a-z]{2}(?:-[a-z]+)+-\d+", "amazonaws.com", "on.aws"),
    (r"cn(?:-[a-z]+)+-\d+", "amazonaws.com.cn", "on.amazonwebservices.com.cn"),
    (r"eusc(?:-[a-z]+)+-\d+", "amazonaws.eu", ""),
    (r"us-iso-[a-z]+-\d+", "c2s.ic.gov", ""),
    (r"us-isob-[a-z]+-\d+", "sc2s.sgov.gov", ""),
    (r"eu-isoe-[a-z]+-\d+", "cloud.adc-e.uk", ""),
    (r"us-isof-[a-z]+-\d+", "csp.hci.ic.gov", ""),
)
"""Per partition: its regions, the suffix of its registries, and that of its dual-stack registries.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html
"""

_PRIVATE: Final = tuple(
    (f".{suffix}", rf"\d{{12}}\.dkr{joint}ecr(?P<fips>-fips)?\.(?P<region>{region})", dual)
    for region, classic, dual_stack in _PARTITIONS
    for joint, suffix, dual in ((r"\.", classic, False), ("-", dual_stack, True))
    if suffix
)
"""How the names of registries end, what is before that, and whether it is reached over IPv6 as well."""

APIS: Final = MappingProxyType(
    {
        "ecr": ("2015-09-21", "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"),
        "ecr-public": ("2020-10-30", "SpencerFrontendService.GetAuthorizationToken"),
        "secretsmanager": ("2017-10-17", "secretsmanager.GetSecretValue"),
    }
)
"""The version of each API, and what its ``X-Amz-Target`` says."""

REGION: Final = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Registry:
    """What a host name says, or a reference to a secret: the service, the region, and which of its endpoints."""

    service: str
    region: str
    fips: bool = False
    dual_stack: bool = False

    @classmethod
    def of(cls, host: str) -> Registry | None:
        """Return what ``host`` says; none where it is no name of ECR's."""
        if host in PUBLIC:
            return cls("ecr-public", PUBLIC_REGION, dual_stack=PUBLIC[host])
        for end, pattern, dual_stack in _PRIVATE:
            if host.endswith(end) and (found := re.fullmatch(pattern, host.removesuffix(end), re.ASCII)):
                return cls("ecr", found["region"], bool(found["fips"]), dual_stack)
        return None

    @property
    def kinds(self) -> tuple[str, ...]:
        """What is special about its endpoint."""
        return (*(["fips"] if self.fips else []), *(["dual-stack"] if self.dual_stack else []))

    @property
    def public(self) -> bool:
        """Whether it is ECR Public."""
        return self.service == "ecr-public"


def registry_of(request: Request[EcrOptions]) -> Registry:
    """Return what the host says; a host that is no name of ECR's says nothing, and the rule names its region."""
    return Registry.of(request.target.host) or Registry("ecr", request.options.region)


def check_region(registry: Registry, request: Request[EcrOptions]) -> None:
    """Raise :class:`~ocibroker.errors.CredentialUnavailable` where it is not clear which region is meant."""
    host, said = request.target.host, request.options.region
    if not registry.region:
        why, hint = "the host does not say in which region it is", "set region in the rule's options"
    elif said and said != registry.region:
        why, hint = f"the host is in {registry.region}, and the rule says {said}", "remove region from the options"
    elif not REGION.fullmatch(registry.region):
        why, hint = f"{registry.region!r} is no region", "correct region in the rule's options"
    else:
        return
    raise CredentialUnavailable(why, culprit=host, hint=hint)
