"""One fetch: an identity is found, gives a token, and impersonates whom it shall."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from ocibroker.provider import Anonymous, Basic, FetchRequest, NoIdentity, OcibrokerError, quietly
from ocibroker_gar.asking import Asking
from ocibroker_gar.impersonation import impersonate
from ocibroker_gar.options import GarOptions
from ocibroker_gar.principal import NAMED, accounts_of
from ocibroker_gar.registry import universe_of, universe_of_host
from ocibroker_gar.sdk import PACKAGE
from ocibroker_gar.sources import source_token
from ocibroker_gar.token import Token

T = TypeVar("T")

USER: Final = "oauth2accesstoken"
"""The user of every token: https://cloud.google.com/artifact-registry/docs/docker/authentication#token."""


def credential_for(request: FetchRequest[GarOptions]) -> Basic | Anonymous:
    """Find an identity and get a token for it; nothing of it is logged.

    Raises :class:`~ocibroker.errors.CredentialUnavailable`, and what a connection raises.
    """
    asking = Asking(request, universe_of(request))
    return quietly(lambda: carefully(asking, _answer), PACKAGE)


def carefully(asking: Asking, work: Callable[[Asking], T]) -> T:
    """Return what ``work`` does; whatever else is raised becomes one line, without what it says."""
    try:
        return work(asking)
    except OcibrokerError as error:
        failure = error.restated()
    except Exception as error:  # noqa: BLE001  # an SDK may raise anything
        failure = asking.failed(f"{type(error).__name__} was raised", "see docs/gar.md")
    raise failure


def _answer(asking: Asking) -> Basic | Anonymous:
    request, token = asking.request, found_token(asking)
    if token is None and universe_of_host(request.target.host) and not accounts_of(request):
        why = f"{request.target.host} also serves the public, and no Google identity was found"
        return Anonymous(f"{why}; tried {', '.join(asking.tried)}")
    if token is None:
        raise nobody(asking)
    return Basic(username=USER, secret=token.secret, issued_at=request.clock.now(), expires_at=token.expires_at)


def found_token(asking: Asking) -> Token | None:
    """Return the token of the first identity that there is, as whom it shall be; none where there is none."""
    token, accounts = source_token(asking), accounts_of(asking.request)
    return impersonate(asking, token, accounts) if token is not None and accounts else token


def nobody(asking: Asking) -> NoIdentity:
    """Return the error for that there is none."""
    hint = f"run `gcloud auth application-default login`, set {NAMED}, or write a rule; see docs/gar.md"
    return NoIdentity(f"no Google identity was found; tried {', '.join(asking.tried)}", hint=hint)
