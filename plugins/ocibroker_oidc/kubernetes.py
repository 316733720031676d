"""``{ kubernetes_token = { … } }``: a token of a service account, requested at the API server.

https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ocibroker.provider import SERVICE_ACCOUNT, JsonAnswer, SecretRef, Trust, pod_api_server
from ocibroker_oidc.identity_token import IdentityTokenOptions
from ocibroker_oidc.service_account import check_account

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest, Leased, Secret

_API: Final = "authentication.k8s.io/v1"
_LIFE: Final = 600
"""Seconds, the least that may be asked for: the token is used at once."""


class KubernetesTokenOptions(IdentityTokenOptions, frozen=True, kw_only=True):
    """``service_account`` is ``namespace/name`` of whom a token is requested for, by whom ``credentials`` are for.

    These are a folder with ``token`` and ``ca.crt``.
    """

    service_account: str
    credentials: Path = SERVICE_ACCOUNT

    def __post_init__(self) -> None:
        check_account(self.service_account)


class _Status(JsonAnswer, rename="camel"):
    token: str
    expiration_timestamp: datetime | None = None


class _TokenRequest(JsonAnswer):
    status: _Status


class KubernetesToken:
    """Asks the API server of the pod."""

    name = "kubernetes_token"
    options = KubernetesTokenOptions
    reach: Final = "local"

    def place(self, options: KubernetesTokenOptions) -> str:
        """Return the account, who asks, and for whom it is; without an audience it is for the API server itself."""
        audience = options.audience or "the API server"
        return f"{options.service_account} by {options.credentials} for {audience}"

    def watch(self, options: KubernetesTokenOptions, environ: Mapping[str, str]) -> tuple[Path, ...]:
        """Return nothing: another token of the same pod asks for the same."""
        return ()

    def variables(self, options: KubernetesTokenOptions) -> tuple[str, ...]:
        """Return those that say where the API server is."""
        return "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"

    def read(self, request: FetchRequest[KubernetesTokenOptions]) -> Secret | Leased:
        """Return a token.

        Raises :class:`~ocibroker.errors.NoIdentity` outside of a cluster, and other
        :class:`~ocibroker.errors.CredentialUnavailable`.
        """
        from ocibroker_oidc.lent import lent
        from ocibroker_oidc.speaking import Speaking

        speaking, options, server = Speaking(request), request.options, pod_api_server(request.environ)
        who = f"service account {options.service_account}"
        if not server:
            why = "no API server is known: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set"
            raise speaking.absent(who, why, "run it in a pod")
        namespace, _, name = options.service_account.partition("/")
        proof = request.secret(SecretRef(file=options.credentials / "token"))
        answer = speaking.send(
            "POST",
            f"{server}/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token",
            headers={"Authorization": f"Bearer {proof.reveal()}", "Content-Type": "application/json"},
            content=_question(options.audience),
            trust=Trust(source=f"the service account at {options.credentials}", ca=options.credentials / "ca.crt"),
        )
        if answer.status == 403:
            hint = "give who asks a Role with the verb create for serviceaccounts/token"
            raise speaking.failed(who, "may not be asked a token for: status 403", hint)
        if answer.status != 201:
            why = f"got no token: status {answer.status}"
            raise speaking.failed(who, why, "look at the account, and at credentials")
        said = _TokenRequest.read(answer.body)
        end = said.status.expiration_timestamp if said else None
        if said is None or (end and end.tzinfo is None):
            raise speaking.without(who)
        return lent(speaking, who, said.status.token, end)


def _question(audience: str) -> bytes:
    spec: dict[str, object] = {"audiences": [audience]} if audience else {}
    said = {"apiVersion": _API, "kind": "TokenRequest", "spec": {**spec, "expirationSeconds": _LIFE}}
    return json.dumps(said).encode()
