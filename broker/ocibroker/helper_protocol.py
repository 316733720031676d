"""What both sides of the protocol of docker-credential-helpers write: texts, and its one object.

Follows ``credentials/credentials.go`` and ``credentials/error.go`` of docker/docker-credential-helpers.
"""

from __future__ import annotations

from typing import Final

import msgspec

NESTED: Final = "OCIBROKER_NESTED"
"""The variable that every child of ours has, so that a helper which is ourselves answers a miss: no loop begins."""

PREFIX: Final = "docker-credential-"
NAME: Final = f"{PREFIX}ocibroker"
OURS: Final = frozenset(
    {NAME, "git-credential-ocibroker", "bazel-credential-ocibroker", "ocibroker-credential-provider", "ocibroker"}
)
"""Our executables: none of them is asked as a helper."""

NOT_FOUND: Final = "credentials not found in native keychain"
"""Compared to the letter: nothing may be added to it."""

IDENTITY_TOKEN_USER: Final = "<token>"  # noqa: S105  # what clients take for "the secret is an identity token"


class Credentials(msgspec.Struct, rename="pascal"):
    """The protocol's one object; ``ServerURL`` has a spelling of its own."""

    server_url: str = msgspec.field(default="", name="ServerURL")
    username: str = ""
    secret: str = ""

    def __repr__(self) -> str:
        # A traceback with local variables must not show the secret.
        return f"Credentials({self.server_url!r}, …)"
