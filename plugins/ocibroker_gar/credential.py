"""One fetch: an identity is found, gives a token, and impersonates whom it shall."""

from __future__ import annotations

from typing import Final

from ocibroker.provider import Anonymous, Basic, FetchRequest, NoIdentity, OcibrokerError, quietly
from ocibroker_gar.asking import Asking
from ocibroker_gar.impersonation import impersonate
from ocibroker_gar.options import GarOptions
from ocibroker_gar.principal import NAMED, accounts_of
from ocibroker_gar.registry import universe_of, universe_of_host
from ocibroker_gar.sdk import PACKAGE
from ocibroker_gar.sources import source_token

USER: Final = "oauth2accesstoken"
"""The user of every token: https://cloud.google.com/artifact-registry/docs/docker/authentication#token."""


def credential_for(request: FetchRequest[GarOptions]) -> Basic | Anonymous:
    """Find an identity and get a token for it; nothing of it is logged.

    Raises :class:`~ocibroker.errors.CredentialUnavailable`, and what a connection raises.
    """
    asking = Asking(request, universe_of(request))
    return quietly(lambda: _careful(asking), PACKAGE)


def _careful(asking: Asking) -> Basic | Anonymous:
    """Return the answer; whatever else is raised becomes one line, without what it says."""
    try:
        return _answer(asking)
    except OcibrokerError as error:
        failure = error.restated()
    except Exception as error:  # noqa: BLE001  # an SDK may raise anything
        failure = asking.failed(f"{type(error).__name__} was raised", "see docs/gar.md")
    raise failure


def _answer(asking: Asking) -> Basic | Anonymous:
    request, accounts = asking.request, accounts_of(asking.request)
    token = source_token(asking)
    if token is None and universe_of_host(request.target.host) and not accounts:
        why = f"{request.target.host} also serves the public, and no Google identity was found"
        return Anonymous(f"{why}; tried {', '.join(asking.tried)}")
    if token is None:
        hint = f"run `gcloud auth application-default login`, set {NAMED}, or write a rule; see docs/gar.md"
        raise NoIdentity(f"no Google identity was found; tried {', '.join(asking.tried)}", hint=hint)
    if accounts:
        token = impersonate(asking, token, accounts)
    return Basic(username=USER, secret=token.secret, issued_at=request.clock.now(), expires_at=token.expires_at)
