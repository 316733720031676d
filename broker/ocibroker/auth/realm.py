"""Which token endpoints may receive a credential.

A registry names its token endpoint in a challenge. Whoever controls that answer would choose who gets the
password (CVE-2020-15157), so an endpoint is trusted only if it is the registry itself, or listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import httpx

from ocibroker.errors import InvalidTarget, RealmRefused
from ocibroker.origin import Origin
from ocibroker.transport import origin_of

KNOWN: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "registry-1.docker.io": ("auth.docker.io",),
        "registry.digitalocean.com": ("api.digitalocean.com",),
        "registry.gitlab.com": ("gitlab.com",),
    }
)
"""Public registries that are known to use a token endpoint on another host."""

_LONGEST: Final = 2048


@dataclass(frozen=True, slots=True)
class Realms:
    """The token endpoints of one registry: its own origin, the known ones, and the rule's ``realms``."""

    origin: Origin
    listed: tuple[str, ...] = ()

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """Those on other hosts than the registry's, as ``host[:port]``."""
        return (*KNOWN.get(self.origin.host, ()), *self.listed)

    def check(self, realm: str) -> httpx.URL:
        """Return the URL of the token endpoint.

        Raises :class:`~ocibroker.errors.RealmRefused` that names the endpoint and the registry.
        """
        if len(realm) > _LONGEST or not realm.isascii() or not realm.isprintable():
            raise self._refused("which is no URL")
        try:
            place = Origin.parse(realm)
            url = httpx.URL(realm)
            agreed = origin_of(url) == place and not url.fragment
        except (InvalidTarget, httpx.InvalidURL):
            raise self._refused("which is no https:// URL") from None
        if not agreed or not self._trusts(place):
            raise self._refused(str(place), hint=f'add realms = ["{place.authority}"] to its [[registry]]')
        return url

    def _trusts(self, place: Origin) -> bool:
        if place == self.origin:
            return True
        # A token endpoint elsewhere may speak plain HTTP only where the registry does.
        secure = place.scheme == "https" or self.origin.scheme == "http"
        return secure and place.authority in self.elsewhere

    def _refused(self, what: str, *, hint: str = "") -> RealmRefused:
        return RealmRefused(
            f"names a token endpoint that is not trusted, {what}", culprit=str(self.origin), hint=hint
        )
