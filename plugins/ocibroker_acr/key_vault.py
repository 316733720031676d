"""``{ azure_keyvault = { … } }``: Azure Key Vault, as whom the provider ``acr`` would ask.

https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ocibroker.provider import (
    CredentialUnavailable,
    JsonAnswer,
    Request,
    Secret,
    Target,
    as_code,
    secret_field,
)
from ocibroker_acr.places import places_of
from ocibroker_acr.vault_options import KeyVaultOptions

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest
    from ocibroker_acr.answer import Answer

_VERSION: Final = "7.4"
"""Of the API."""

_CURES: Final = MappingProxyType(
    {
        401: "use an identity of the vault's tenant, or set audience",
        403: "give the identity the role Key Vault Secrets User, and let the vault's firewall admit this machine",
        404: "correct secret and version",
    }
)


class _Value(JsonAnswer):
    value: str


class _Fault(JsonAnswer):
    code: str = ""


class _Refusal(JsonAnswer):
    error: _Fault


@dataclass(frozen=True, slots=True)
class KeyVault:
    """Reads the text of a secret, or one of its keys. ``arc_tokens`` is as the provider's."""

    name = "azure_keyvault"
    options = KeyVaultOptions
    arc_tokens: Path = Path("/var/opt/azcmagent/tokens")

    def place(self, options: KeyVaultOptions) -> str:
        """Return secret, vault, version and key."""
        return ", ".join(filter(None, (f"{options.secret} in {options.vault}", options.version, options.key)))

    def watch(self, options: KeyVaultOptions, environ: Mapping[str, str]) -> tuple[Path, ...]:
        """Return the files that decide who asks."""
        request = Request(target=Target.from_url(options.vault), options=options, environ=environ)
        return tuple(path for place in places_of(request) for path in place.watch)

    def read(self, request: FetchRequest[KeyVaultOptions]) -> Secret:
        """Return the secret.

        Raises :class:`~ocibroker.errors.CredentialUnavailable` with what was tried, and the id of the request.
        """
        from ocibroker_acr.asking import signed_in
        from ocibroker_acr.entra import need_sdk

        options = request.options.of_its_cloud
        here = replace(request, target=Target.from_url(options.vault), options=options)
        request.deadline.left()
        need_sdk(here)
        return signed_in(here, self.arc_tokens, lambda token, _: secret_field(_text(here, token), options.key))


def _text(request: FetchRequest[KeyVaultOptions], token: Secret) -> str:
    from ocibroker_acr.answer import Answer

    options = request.options
    url = "/".join(filter(None, (options.vault, "secrets", options.secret, options.version)))
    bearer = {"Authorization": f"Bearer {token.reveal()}"}
    answer = Answer.to(request.http, "GET", url, params={"api-version": _VERSION}, headers=bearer)
    found = _Value.read(answer.body) if answer.status == 200 else None
    if found is None:
        raise _refused(answer)
    return found.value


def _refused(answer: Answer) -> CredentialUnavailable:
    """Return the error for an answer that is no secret; of what it says only a code and an id are shown."""
    if answer.status == 200:
        known = f", request id {answer.ident}" if answer.ident else ""
        hint = "look at what answers there, and at the proxy"
        return CredentialUnavailable(f"Key Vault answered without a secret{known}", hint=hint)
    said = _Refusal.read(answer.body)
    code = as_code(said.error.code) if said else ""
    hint = _CURES.get(answer.status, answer.or_later("see docs/secrets.md"))
    return CredentialUnavailable(f"Key Vault refused: {answer.named(code, ident=answer.ident)}", hint=hint)
