"""A token of a service account, requested at the API server.

https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from ocibroker.provider import JsonAnswer, Request, Secret, SecretRef, Trust, pod_api_server
from ocibroker_oidc.asking import Asking
from ocibroker_oidc.options import OidcOptions

_API: Final = "authentication.k8s.io/v1"
_LIFE: Final = 600
"""Seconds, the least that may be asked for: the token is used at once."""


class _Status(JsonAnswer):
    token: str


class _TokenRequest(JsonAnswer):
    status: _Status


class Kubernetes:
    """Asks the API server of the pod, as whom the rule's ``credentials`` are for."""

    def parts(self, request: Request[OidcOptions]) -> tuple[str, ...]:
        """Return the account, and where its cluster is."""
        options, server = request.options, pod_api_server(request.environ)
        return (f"service account {options.service_account} at {server} by {options.credentials}",)

    def watch(self, request: Request[OidcOptions]) -> tuple[Path, ...]:
        """Return nothing: another token of the same pod asks for the same."""
        return ()

    def token(self, asking: Asking, audience: str) -> Secret:
        """Return a token for ``audience``; without one it is for the API server itself."""
        options, server = asking.request.options, pod_api_server(asking.request.environ)
        who = f"service account {options.service_account}"
        if not server:
            why = "no API server is known: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set"
            raise asking.absent(who, why, "run it in a pod")
        namespace, _, name = options.service_account.partition("/")
        proof = asking.request.secret(SecretRef(file=options.credentials / "token"))
        answer = asking.send(
            "POST",
            f"{server}/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token",
            headers={"Authorization": f"Bearer {proof.reveal()}", "Content-Type": "application/json"},
            content=_question(audience),
            trust=Trust(source=f"the service account at {options.credentials}", ca=options.credentials / "ca.crt"),
        )
        if answer.status == 403:
            hint = "give who asks a Role with the verb create for serviceaccounts/token"
            raise asking.failed(who, "may not be asked a token for: status 403", hint)
        if answer.status != 201:
            raise asking.failed(
                who, f"got no token: status {answer.status}", "look at the account, and at credentials"
            )
        said = _TokenRequest.read(answer.body)
        return asking.secret(who, said.status.token if said else "")


def _question(audience: str) -> bytes:
    spec: dict[str, object] = {"audiences": [audience]} if audience else {}
    said = {"apiVersion": _API, "kind": "TokenRequest", "spec": {**spec, "expirationSeconds": _LIFE}}
    return json.dumps(said).encode()
