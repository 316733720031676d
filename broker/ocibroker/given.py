"""A credential that the caller brought, as the source of an access."""

from __future__ import annotations

from dataclasses import dataclass

from ocibroker.credential import Anonymous, Credential


@dataclass(frozen=True, slots=True)
class Given:
    """A credential that the caller brought: there is no other, also where it is refused."""

    credential: Credential | Anonymous

    def current(self, refused: Credential | None) -> Credential | Anonymous:
        """Return it."""
        return self.credential

    async def current_async(self, refused: Credential | None) -> Credential | Anonymous:
        """Return it."""
        return self.current(refused)
