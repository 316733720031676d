"""One fetch: an identity is found, signed in for an audience, and its token exchanged at the registry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from ocibroker.provider import Basic, CredentialUnavailable, FetchRequest, OcibrokerError, Secret
from ocibroker_acr.azure_cli import cli_token
from ocibroker_acr.cloud import audiences_of, cloud_of
from ocibroker_acr.entra import sign_in
from ocibroker_acr.exchange import exchanged
from ocibroker_acr.faults import UnknownAudience
from ocibroker_acr.managed_identity import managed_token
from ocibroker_acr.nobody import nobody
from ocibroker_acr.options import AcrOptions
from ocibroker_acr.places import Application, AzureCli, ManagedIdentity, Place, is_id, places_of

T = TypeVar("T")


def token_for(request: FetchRequest[AcrOptions], arc_tokens: Path) -> Basic:
    """Find an identity and get the registry's token for it.

    Raises :class:`~ocibroker.errors.CredentialUnavailable` that says what was tried, and what a connection raises.
    """

    def exchange(token: Secret, place: Place) -> Basic:
        return exchanged(request, token, "" if isinstance(place, ManagedIdentity) else place.tenant)

    return signed_in(request, arc_tokens, exchange)


def signed_in(request: FetchRequest[AcrOptions], arc_tokens: Path, work: Callable[[Secret, Place], T]) -> T:
    """Return what ``work`` does with a token, and with where it was found; errors as :func:`token_for`."""
    asking = _Asking(request, arc_tokens)
    try:
        return work(*asking.answer())
    except CredentialUnavailable as error:
        tried = f"; tried {', '.join(asking.tried)}" if asking.tried else ""
        failure: OcibrokerError = type(error)(f"{error.message}{tried}", culprit=error.culprit, hint=error.hint)
    except OcibrokerError as error:
        failure = error.restated()
    raise failure


@dataclass(slots=True)
class _Asking:
    """One fetch, step by step; ``tried`` is what an error tells of the way."""

    request: FetchRequest[AcrOptions]
    arc_tokens: Path
    tried: list[str] = field(default_factory=list)

    def answer(self) -> tuple[Secret, Place]:
        """Return a token for the first identity that there is, and which one it is."""
        _check_options(self.request)
        cloud = cloud_of(self.request)
        audiences = audiences_of(self.request, cloud)
        for place in places_of(self.request):
            self.tried.append(place.told)
            token = self._token(place, cloud.authority, audiences)
            if token is not None:
                self.tried = [place.told]
                return token, place
        raise nobody(self.request, "no Azure identity was found")

    def _token(self, place: Place, authority: str, audiences: tuple[str, ...]) -> Secret | None:
        """Return a token for the first audience that is known, or none where there is no identity."""
        *first, last = audiences
        for audience in first:
            found = self._ask(place, authority, audience)
            if not isinstance(found, UnknownAudience):
                return found
            self.tried.append(f"again for {last}")
        found = self._ask(place, authority, last)
        if isinstance(found, UnknownAudience):
            raise found.failure
        return found

    def _ask(self, place: Place, authority: str, audience: str) -> Secret | UnknownAudience | None:
        match place:
            case Application():
                return sign_in(self.request, place, authority, audience)
            case ManagedIdentity():
                return managed_token(self.request, place, audience, self.arc_tokens)
            case AzureCli():
                return cli_token(self.request, place, audience)


def _check_options(request: FetchRequest[AcrOptions]) -> None:
    """Refuse options that contradict each other."""
    options = request.options
    proofs = (options.client_secret, options.client_certificate, options.federated_token)
    if sum(proof is not None for proof in proofs) > 1:
        why, culprit = "more than one proof of who the application is", "options"
        hint = "keep one of client_secret, client_certificate and federated_token"
    elif not options.order:
        why, culprit, hint = "is empty, so there is nowhere to look", "order", "name a source, or remove it"
    elif options.tenant_id and not is_id(options.tenant_id):
        why, culprit, hint = "is no id", "tenant_id", "write the tenant's id or domain"
    elif options.client_id and not is_id(options.client_id):
        why, culprit, hint = "is no id", "client_id", "write the id of the application or the managed identity"
    else:
        return
    raise CredentialUnavailable(why, culprit=culprit, hint=hint)
