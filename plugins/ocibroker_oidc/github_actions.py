"""The token of a job of GitHub Actions.

https://docs.github.com/en/actions/reference/security/oidc
"""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import quote

from ocibroker.provider import JsonAnswer, Request, Secret
from ocibroker_oidc.asking import Asking
from ocibroker_oidc.options import OidcOptions
from ocibroker_oidc.principal import digest

_URL: Final = "ACTIONS_ID_TOKEN_REQUEST_URL"
_TOKEN: Final = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105  # a variable's name
_WHO: Final = "GitHub Actions"


class _Token(JsonAnswer):
    value: str


class GitHubActions:
    """Asks the service that the job's variables name."""

    def parts(self, request: Request[OidcOptions]) -> tuple[str, ...]:
        """Return which job it is."""
        return ("job of GitHub Actions", *(digest(request.environ.get(name, "")) for name in (_URL, _TOKEN)))

    def watch(self, request: Request[OidcOptions]) -> tuple[Path, ...]:
        """Return nothing."""
        return ()

    def token(self, asking: Asking, audience: str) -> Secret:
        """Return a token for ``audience``; without one it is for the owner of the repository."""
        url, token = (asking.request.environ.get(name, "") for name in (_URL, _TOKEN))
        if not url or not token:
            hint = "give the job the permission id-token: write, and run it there"
            raise asking.absent(_WHO, f"{_URL} and {_TOKEN} are not set", hint)
        if not url.startswith("https://"):
            raise asking.failed(_WHO, f"{_URL} is no https:// URL", "leave it as GitHub sets it")
        wanted = f"{url}{'&' if '?' in url else '?'}audience={quote(audience, safe='')}" if audience else url
        answer = asking.send("GET", wanted, headers={"Authorization": f"Bearer {token}"})
        if answer.status != 200:
            raise asking.refused(_WHO, answer)
        said = _Token.read(answer.body)
        return asking.secret(_WHO, said.value if said else "")
