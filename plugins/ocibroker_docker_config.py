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

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from ocibroker.provider import (
    Anonymous,
    AuthFile,
    Basic,
    Claim,
    ConfigurationError,
    Credential,
    CredentialHelper,
    CredentialUnavailable,
    FetchRequest,
    Identity,
    LoginPlace,
    OcibrokerError,
    Options,
    Provider,
    Request,
    Strength,
    Target,
    keyring_secret,
    login_places,
    providers,
)

_LOG: Final = logging.getLogger("ocibroker")
_KEEP: Final = timedelta(minutes=5)
"""A helper's answer may be a token of minutes or hours, and does not say so: Docker asks each time."""

_WAY_OUT: Final = "mend it, or write a [[registry]] rule for this registry"


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
        return _Search(request).run()


@dataclass(frozen=True, slots=True)
class _Search:
    """One walk through the places; ``unread`` is what may hold the login and cannot be looked into."""

    request: FetchRequest[DockerConfigOptions]
    unread: list[OcibrokerError] = field(default_factory=list)

    def run(self) -> Credential | Anonymous:
        places = login_places(self.request.environ)
        for place in places:
            if (found := self._in(place)) is not None:
                for error in self.unread:
                    _LOG.warning("%s", error)
                return found
        if self.unread:
            raise self._doubt()
        where = " and ".join(str(place) for place in places if place.exists())
        host = self.request.target.registry
        return Anonymous(f"there is no login for {host} in {where}" if where else f"there is no login for {host}")

    def _in(self, place: LoginPlace) -> Credential | None:
        try:
            file = place.read(self.request.environ)
        except ConfigurationError as error:
            self.unread.append(error.restated())
            return None
        try:
            return self._helped(file) or self._written(file)
        except ConfigurationError as error:
            failure = CredentialUnavailable(error.message, culprit=error.culprit, hint=error.hint)
        raise failure

    def _helped(self, file: AuthFile) -> Credential | None:
        """Return what the file's helper has for the host; ourselves count as not configured.

        A store that fails may hold logins for other hosts only. It is this host's where the file has the mark that
        Docker leaves in ``auths`` for what it has put into the store.
        """
        target, suffix = self.request.target, file.helper(self.request.target)
        if not suffix:
            return None
        try:
            helper = CredentialHelper.find(suffix, self.request.environ)
            if helper is None and file.store not in {"", suffix}:
                suffix, helper = file.store, CredentialHelper.find(file.store, self.request.environ)
            return helper.ask(target, self.request.run) if helper else None
        except (ConfigurationError, CredentialUnavailable) as error:
            failure = CredentialUnavailable(
                error.message, culprit=f"{file.source}: {error.culprit}", hint=error.hint
            )
        if suffix != file.store or file.login(target) is not None:
            raise failure
        self.unread.append(failure)
        return None

    def _written(self, file: AuthFile) -> Credential | None:
        login = file.login(self.request.target)
        if login is None:
            return None
        if login.keyring:
            return Basic(username=login.keyring, secret=keyring_secret(login.key, login.keyring))
        return login.credential

    def _doubt(self) -> CredentialUnavailable:
        first, host = self.unread[0], self.request.target.registry
        why = f"{first.message}; no login for {host} was found elsewhere, and this may hold it"
        return CredentialUnavailable(why, culprit=first.culprit, hint=_WAY_OUT)


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[DockerConfigOptions] = DockerConfigProvider()
    return [provider]
