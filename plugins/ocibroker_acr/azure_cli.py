"""Whoever has logged in with the Azure CLI."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ocibroker.provider import CredentialUnavailable, FetchRequest, JsonAnswer, Secret, as_secret, find_program
from ocibroker_acr.options import AcrOptions
from ocibroker_acr.places import AzureCli

_LARGEST: Final = 4 * 1024 * 1024
"""Bytes of the file that says who has logged in: some people have many subscriptions."""


class _Profile(JsonAnswer):
    subscriptions: tuple[object, ...] = ()


class _Token(JsonAnswer, rename="camel"):
    access_token: str


def cli_token(request: FetchRequest[AcrOptions], cli: AzureCli, audience: str) -> Secret | None:
    """Return a token of whoever has logged in, or none where nobody has.

    It runs ``az``, which reads its variables itself. Raises :class:`~ocibroker.errors.CredentialUnavailable`, and
    what running a program raises.
    """
    program = find_program("az", request.environ) if _logged_in(cli.profile) else None
    if program is None:
        return None
    argv = [str(program), "account", "get-access-token", "--output", "json", "--resource", audience]
    done = request.run([*argv, *(["--tenant", cli.tenant] if cli.tenant else [])], inherit=True)
    again = "run `az login`"
    if done.status:
        # Why is written to its error output, in words that may hold anything.
        shown = f"run `az account get-access-token --resource {audience}` to see why, or {again}"
        raise CredentialUnavailable(f"`az account get-access-token` ended with status {done.status}", hint=shown)
    answer = _Token.read(done.stdout)
    token = as_secret(answer.access_token) if answer else None
    if token is None:
        raise CredentialUnavailable("`az account get-access-token` answered without a token", hint=again)
    return token


def _logged_in(profile: Path) -> bool:
    """Whether the CLI knows somebody; to ask the CLI itself takes a second."""
    try:
        with profile.open("rb") as file:
            content = file.read(_LARGEST)
    except OSError:
        return False
    found = _Profile.read(content.removeprefix(b"\xef\xbb\xbf"))
    return found is not None and bool(found.subscriptions)
