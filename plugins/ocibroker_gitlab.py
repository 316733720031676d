"""``gitlab``: the job's own token, deploy tokens, and access tokens of persons, groups and projects.

https://docs.gitlab.com/user/packages/container_registry/authenticate_with_container_registry/
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from ocibroker.provider import (
    Anonymous,
    Basic,
    Claim,
    Identity,
    KeptLogin,
    NoIdentity,
    Options,
    Provider,
    Request,
    SecretRef,
    Strength,
    Target,
    TextRef,
    providers,
)

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest

TESTED: Final = (
    ("token of a CI job", "real: docker-registry, which knows the user by name"),
    ("deploy token", "real: docker-registry, which knows the user by name"),
    ("access token of a person, group or project", "real: docker-registry, which knows the user by name"),
)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""

_HOST: Final = "registry.gitlab.com"
_JOB_USER: Final = "gitlab-ci-token"
_ANYBODY: Final = "gitlab"
"""GitLab knows an access token by itself; the user name only must not be blank."""

_VARIABLES: Final = MappingProxyType(
    {"job": ("CI_REGISTRY_USER", "CI_JOB_TOKEN"), "deploy": ("CI_DEPLOY_USER", "CI_DEPLOY_PASSWORD")}
)
"""Where a job has its own token, and the deploy token that is called ``gitlab-deploy-token``."""


class GitLabOptions(Options, frozen=True, kw_only=True):
    """``token`` is an access token, or with its own ``username`` a deploy token; without one a job's is used.

    ``ci`` is ``job`` for the job's own token, ``deploy`` for the project's deploy token.
    """

    username: TextRef | None = None
    token: SecretRef | None = None
    ci: Literal["job", "deploy"] = "job"

    def __post_init__(self) -> None:
        if self.username and not self.token:
            raise ValueError("has a username, and no token")


class GitLabProvider:
    """Answers for GitLab.com, and for whatever a rule gives it."""

    name = "gitlab"
    options = GitLabOptions

    def claim(self, target: Target) -> Claim | None:
        """Claim the registry of GitLab.com; those of others are by their names nobody's."""
        its = (target.scheme, target.registry) == ("https", _HOST)
        return Claim(Strength.EXACT, "it is the registry of GitLab.com") if its else None

    def identity(self, request: Request[GitLabOptions]) -> Identity:
        """Return the user, and where the token is; a job's variables count at the registry of its GitLab only."""
        login = _login(request)
        return login.identity() if login else Identity(("nobody",))

    def fetch(self, request: FetchRequest[GitLabOptions]) -> Basic | Anonymous:
        """Read user name and token.

        GitLab.com serves the public too: where nobody asks, it is anonymous. Elsewhere that raises
        :class:`~ocibroker.errors.NoIdentity`, and a failure other :class:`~ocibroker.errors.CredentialUnavailable`.
        """
        if login := _login(request):
            return login.read(request)
        job = f"no CI job of {request.target.registry} (CI_REGISTRY) has one in its variables"
        why = f"no rule has a token, and {job}"
        if request.target.registry == _HOST:
            return Anonymous(f"GitLab.com also serves the public, and {why}")
        raise NoIdentity(why, hint="set token in a rule")


def _login(request: Request[GitLabOptions]) -> KeptLogin | None:
    options, environ = request.options, request.environ
    if options.token:
        return KeptLogin.of(options.username or _ANYBODY, options.token)
    user, password = _VARIABLES[options.ci]
    # The variables are of one GitLab: another one's registry must not see them.
    if environ.get("CI_REGISTRY") != request.target.registry or not environ.get(password):
        return None
    if options.ci == "job":
        return KeptLogin.of(environ.get(user) or _JOB_USER, SecretRef(env=password))
    return KeptLogin(TextRef(env=user), SecretRef(env=password))


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[GitLabOptions] = GitLabProvider()
    return [provider]
