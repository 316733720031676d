"""What the host of a registry says: that it is Google's, and of which universe.

A universe is a cloud built of Google's software with accounts, endpoints and tokens of its own: ``googleapis.com``
is Google's public one, the others are run by partners.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from ocibroker.provider import CredentialUnavailable, Request
from ocibroker_gar.options import GarOptions

PUBLIC: Final = "googleapis.com"
"""Google's own universe."""

NAMED: Final = MappingProxyType(
    {
        "gcr.io": PUBLIC,
        "asia.gcr.io": PUBLIC,
        "eu.gcr.io": PUBLIC,
        "us.gcr.io": PUBLIC,
        "docker.s3nsregistry.fr": "s3nsapis.fr",
    }
)
"""Hosts that are certainly registries, and their universe."""

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"

_PATTERNS: Final = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (rf"{_LABEL}\.gcr\.io", rf"{_LABEL}-docker\.pkg\.dev", rf"docker\.{_LABEL}\.rep\.pkg\.dev")
)
"""https://cloud.google.com/artifact-registry/docs/transition/gcr-repositories, …/docs/docker/names,
https://cloud.google.com/artifact-registry/docs/reference/regional-endpoints; all of them in the public universe.
"""

_DOMAIN: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})+", re.ASCII)


def universe_of_host(host: str) -> str:
    """Return the universe of a host of Google's; nothing where it is none."""
    if any(pattern.fullmatch(host) for pattern in _PATTERNS):
        return PUBLIC
    return NAMED.get(host, "")


def universe_of(request: Request[GarOptions]) -> str:
    """Return the universe that is meant: the host's, else the rule's, else the public one."""
    return universe_of_host(request.target.host) or request.options.universe_domain or PUBLIC


def check_universe(request: Request[GarOptions]) -> None:
    """Raise :class:`~ocibroker.errors.CredentialUnavailable` for a universe that is none, or not the host's."""
    host, said = request.target.host, request.options.universe_domain
    if said and not _DOMAIN.fullmatch(said):
        raise CredentialUnavailable("universe_domain is no domain", culprit=host, hint="correct it in the options")
    if said and said != universe_of(request):
        why = f"the host is in the universe {universe_of(request)}, and the rule says {said}"
        raise CredentialUnavailable(why, culprit=host, hint="remove universe_domain from the options")
