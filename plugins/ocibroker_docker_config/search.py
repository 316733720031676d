"""The walk through the places where logins are kept."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any, Final

from ocibroker.provider import (
    Anonymous,
    AuthFile,
    Basic,
    ConfigurationError,
    Credential,
    CredentialHelper,
    CredentialUnavailable,
    FetchRequest,
    LoginPlace,
    OcibrokerError,
    keyring_secret,
    login_places,
)

_LOG: Final = logging.getLogger("ocibroker")
_WAY_OUT: Final = "mend it, or write a [[registry]] rule for this registry"


@dataclass(frozen=True, slots=True)
class Search:
    """One walk through the places; ``unread`` is what may hold the login and cannot be looked into."""

    request: FetchRequest[Any]
    unread: list[OcibrokerError] = field(default_factory=list)

    def run(self) -> Credential | Anonymous:
        """Return the first login; errors as the provider's ``fetch``."""
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
