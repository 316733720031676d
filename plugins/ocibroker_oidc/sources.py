"""Where an identity token comes from. Another one is a source of secrets like these, and a line in the table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

from ocibroker.provider import Request, Secret
from ocibroker_oidc.asking import Asking
from ocibroker_oidc.brought import Brought
from ocibroker_oidc.github_actions import GitHubActions
from ocibroker_oidc.google import GoogleIdentity
from ocibroker_oidc.identity_token import AddressedOptions, IdentityTokenOptions
from ocibroker_oidc.issued import Issued
from ocibroker_oidc.kept import Kept
from ocibroker_oidc.kubernetes import KubernetesToken, KubernetesTokenOptions
from ocibroker_oidc.options import OidcOptions, SourceName


class Source(Protocol):
    """A source of identity tokens."""

    def parts(self, request: Request[OidcOptions]) -> tuple[str, ...]:
        """Return whose token it is, as declared; two that differ never share an answer. No I/O."""
        ...

    def watch(self, request: Request[OidcOptions]) -> tuple[Path, ...]:
        """Return the files whose change makes it another's."""
        ...

    def token(self, asking: Asking) -> Secret:
        """Return a token.

        Raises :class:`~ocibroker.errors.CredentialUnavailable`.
        """
        ...


def _of_job(_: OidcOptions, audience: str) -> IdentityTokenOptions:
    return IdentityTokenOptions(audience=audience)


def _of_machine(_: OidcOptions, audience: str) -> AddressedOptions:
    return AddressedOptions(audience=audience)


def _of_account(said: OidcOptions, audience: str) -> KubernetesTokenOptions:
    return KubernetesTokenOptions(
        audience=audience, service_account=said.service_account, credentials=said.credentials
    )


SOURCES: Final[Mapping[SourceName, Source]] = MappingProxyType(
    {
        "token": Kept(),
        "github-actions": Issued(GitHubActions(), _of_job),
        "kubernetes": Issued(KubernetesToken(), _of_account, legible=True),
        "google": Issued(GoogleIdentity(), _of_machine, legible=True),
        "caller": Brought(),
    }
)


def source_of(request: Request[OidcOptions]) -> Source:
    """Return the caller's own token where there is one, else what the rule says."""
    caller = request.caller
    brought = caller is not None and caller.token is not None
    return SOURCES["caller" if brought else request.options.source]
