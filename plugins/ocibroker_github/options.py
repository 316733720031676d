"""What a rule may say of who asks GitHub."""

from __future__ import annotations

import re
from typing import Final, Literal

from ocibroker.provider import KeyRef, Options, SecretRef, TextRef

# Not compiled, since only a rule of this provider needs them.
_API: Final = r"https://[A-Za-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9._~-]+)*/?"
_APP: Final = r"[A-Za-z0-9][A-Za-z0-9.]*"
_NAME: Final = r"[A-Za-z0-9._-]{1,100}"

ANYBODY: Final = "x-access-token"
"""A user name for a token: GitHub knows that by itself."""


class GitHubOptions(Options, frozen=True, kw_only=True):
    """``token``, with a ``username``; or ``app``, its ``private_key`` and its ``installation``.

    ``app`` is the client id or the id of a GitHub App, ``installation`` the id of where it is installed. Its tokens
    are for ``repositories``, by their names without owner, and for ``permissions``. ``api`` is where the API of a
    GitHub Enterprise Server is.
    """

    username: TextRef | None = None
    token: SecretRef | None = None
    app: str = ""
    private_key: KeyRef | None = None
    installation: int = 0
    repositories: tuple[str, ...] = ()
    permissions: dict[str, Literal["read", "write"]] | None = None
    api: str = "https://api.github.com"

    def __post_init__(self) -> None:
        app = (bool(self.app), self.private_key is not None, self.installation > 0)
        if any(app) and not all(app):
            raise ValueError("needs all of app, private_key and installation")
        if self.app and (self.token or self.username):
            raise ValueError("has an app, and a token or a username beside it")
        if self.username and not self.token:
            raise ValueError("has a username, and no token")
        if self.app and not re.fullmatch(_APP, self.app, re.ASCII):
            raise ValueError("app is neither a client id nor the id of an app")
        if not all(re.fullmatch(_NAME, name, re.ASCII) for name in self.repositories):
            raise ValueError("repositories are named without their owner")
        if not re.fullmatch(_API, self.api, re.ASCII):
            raise ValueError("api is no https:// address")
