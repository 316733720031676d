"""``docker-config``: the logins of Docker, Podman, skopeo, Helm and ``ocibroker login``, for want of anybody else.

The first of these that has something for the target wins:

1. the file of ``ocibroker login``: it is for us and nobody else;
2. what a variable names, since somebody meant it: ``DOCKER_AUTH_CONFIG``, ``REGISTRY_AUTH_FILE``,
   ``$DOCKER_CONFIG/config.json``, ``HELM_REGISTRY_CONFIG``;
3. unless ``REGISTRY_AUTH_FILE`` is set, the default files of Podman, of Docker and of Helm.

Within a file, as in docker/cli, ``credHelpers`` for the host come before ``credsStore``, and that before ``auths``.
A helper that has no login sends on to ``auths`` of its file: logins that were made before the helper was set are
still there. Docker asks nobody else then (``nativeStore.Get``); containers/image goes on to the next file.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from ocibroker.provider import (
    Anonymous,
    Claim,
    Credential,
    Identity,
    Options,
    Provider,
    Request,
    Strength,
    Target,
    providers,
)

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest

_KEEP: Final = timedelta(minutes=5)
"""A helper's answer may be a token of minutes or hours, and does not say so: Docker asks each time."""

TESTED: Final = (
    ("logins of Docker, Podman, Buildah, skopeo and Helm", "real: these tools, docker-registry"),
    ("ocibroker login", "real: docker-registry"),
    ("credential helpers of these tools", "emulator: a program in place of each"),
)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""


class DockerConfigOptions(Options, frozen=True, kw_only=True):
    """There are none: the environment says where the logins are."""


class DockerConfigProvider:
    """Serves whoever has logged in with another tool."""

    name = "docker-config"
    options = DockerConfigOptions

    def claim(self, target: Target) -> Claim:
        """Claim everything, after everybody else."""
        return Claim(Strength.FALLBACK, "the logins of Docker, Podman and Helm, for want of anybody else")

    def identity(self, request: Request[DockerConfigOptions]) -> Identity:
        """Return the target, since a login may be for a part of a host; watch the files with logins."""
        # Here, since whoever has another credential should not wait for it.
        from ocibroker.provider import login_places

        places = login_places(request.environ)
        variables = [f"logins in {place}" for place in places if place.path is None]
        watch = tuple(place.path for place in places if place.path is not None)
        return Identity((f"login for {request.target}", *variables), watch=watch, keep=_KEEP)

    def fetch(self, request: FetchRequest[DockerConfigOptions]) -> Credential | Anonymous:
        """Return the first login for the target.

        Raises :class:`~ocibroker.errors.CredentialUnavailable` where the target's own login fails. A file or store
        that cannot be read stands in nobody's way who has a login elsewhere; where there is none, it is raised too,
        as it may hold the login.
        """
        from ocibroker_docker_config.search import Search

        return Search(request).run()


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[DockerConfigOptions] = DockerConfigProvider()
    return [provider]
