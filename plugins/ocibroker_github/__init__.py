"""``github``: GitHub's container registry, by a token or by an installation of a GitHub App.

https://docs.github.com/packages/working-with-a-github-packages-registry/working-with-the-container-registry
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ocibroker.provider import (
    Anonymous,
    Basic,
    Claim,
    Identity,
    KeptLogin,
    NoIdentity,
    Provider,
    Request,
    SecretRef,
    Strength,
    Target,
    providers,
)
from ocibroker_github.options import ANYBODY, GitHubOptions

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest

__all__ = ["GitHubOptions", "GitHubProvider", "ocibroker_providers"]

TESTED: Final = (
    ("installation of a GitHub App", "emulator: GitHub's API, and docker-registry as ghcr.io"),
    ("token of a workflow", "real: docker-registry as ghcr.io"),
    ("personal access token", "real: docker-registry, which knows the user by name"),
)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""

_HOST: Final = "ghcr.io"


class GitHubProvider:
    """Answers for ghcr.io, and for whatever a rule gives it."""

    name = "github"
    options = GitHubOptions

    def claim(self, target: Target) -> Claim | None:
        """Claim GitHub's public registry; those of its servers are by their names nobody's."""
        its = (target.scheme, target.registry) == ("https", _HOST)
        return Claim(Strength.EXACT, "it is GitHub's container registry") if its else None

    def identity(self, request: Request[GitHubOptions]) -> Identity:
        """Return the app's installation and what its token is restricted to, or the user and where the token is.

        An installation is the same on every machine. The file of its key is watched.
        """
        if request.options.app:
            from ocibroker_github.app import installation_of  # here, since most have no app

            return installation_of(request)
        login = _login(request)
        return login.identity() if login else Identity(("nobody",))

    def fetch(self, request: FetchRequest[GitHubOptions]) -> Basic | Anonymous:
        """Get a token for the installation, or read the one that there is.

        ghcr.io serves the public too: where nobody asks, it is anonymous. Elsewhere that raises
        :class:`~ocibroker.errors.NoIdentity`, and a failure other :class:`~ocibroker.errors.CredentialUnavailable`,
        or what a connection raises.
        """
        if request.options.app:
            from ocibroker_github.app import installation_token

            return installation_token(request)
        if login := _login(request):
            return login.read(request)
        why = "no rule has a token or an app, and no workflow has GITHUB_TOKEN in its variables"
        if request.target.registry == _HOST:
            return Anonymous(f"{_HOST} also serves the public, and {why}")
        raise NoIdentity(why, hint="set token, or app, in a rule")


def _login(request: Request[GitHubOptions]) -> KeptLogin | None:
    options = request.options
    if options.token:
        return KeptLogin.of(options.username or ANYBODY, options.token)
    if _is_workflow(request):
        return KeptLogin.of(request.environ.get("GITHUB_ACTOR") or ANYBODY, SecretRef(env="GITHUB_TOKEN"))
    return None


def _is_workflow(request: Request[GitHubOptions]) -> bool:
    """Whether ``GITHUB_TOKEN`` is a workflow's, and meant for this registry.

    Elsewhere it is anybody's, for anything, and for ghcr.io one that may not read packages is worse than none.
    """
    environ = request.environ
    ours = environ.get("GITHUB_ACTIONS") == "true" and request.target.registry == _HOST
    return ours and bool(environ.get("GITHUB_TOKEN"))


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[GitHubOptions] = GitHubProvider()
    return [provider]
