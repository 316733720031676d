"""``{ github_actions = { … } }``: the token of a job of GitHub Actions.

https://docs.github.com/en/actions/reference/security/oidc
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ocibroker.provider import JsonAnswer
from ocibroker_oidc.identity_token import IdentityTokenOptions

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest, Leased, Secret

_URL: Final = "ACTIONS_ID_TOKEN_REQUEST_URL"
_TOKEN: Final = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105  # a variable's name
_WHO: Final = "GitHub Actions"


class _Token(JsonAnswer):
    value: str


class GitHubActions:
    """Asks the service that the job's variables name."""

    name = "github_actions"
    options = IdentityTokenOptions
    reach: Final = "local"

    def place(self, options: IdentityTokenOptions) -> str:
        """Return for whom it is; without an audience it is for the owner of the repository."""
        return f"for {options.audience or 'the owner of the repository'}"

    def watch(self, options: IdentityTokenOptions, environ: Mapping[str, str]) -> tuple[Path, ...]:
        """Return nothing."""
        return ()

    def variables(self, options: IdentityTokenOptions) -> tuple[str, ...]:
        """Return those that say which job it is."""
        return _URL, _TOKEN

    def read(self, request: FetchRequest[IdentityTokenOptions]) -> Secret | Leased:
        """Return a token.

        Raises :class:`~ocibroker.errors.NoIdentity` outside of a job that may have one, and other
        :class:`~ocibroker.errors.CredentialUnavailable`.
        """
        from ocibroker_oidc.lent import lent
        from ocibroker_oidc.speaking import Speaking

        speaking, audience = Speaking(request), request.options.audience
        url, token = (request.environ.get(name, "") for name in (_URL, _TOKEN))
        if not url or not token:
            hint = "give the job the permission id-token: write, and run it there"
            raise speaking.absent(_WHO, f"{_URL} and {_TOKEN} are not set", hint)
        if not url.startswith("https://"):
            raise speaking.failed(_WHO, f"{_URL} is no https:// URL", "leave it as GitHub sets it")
        wanted = f"{url}{'&' if '?' in url else '?'}audience={quote(audience, safe='')}" if audience else url
        answer = speaking.send("GET", wanted, headers={"Authorization": f"Bearer {token}"})
        if answer.status != 200:
            raise speaking.refused(_WHO, answer)
        said = _Token.read(answer.body)
        return lent(speaking, _WHO, said.value if said else "")
