"""The API server, and the two kinds of objects that are read there.

https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Final, Self, TypeVar

from ocibroker.provider import (
    CredentialUnavailable,
    FetchRequest,
    HttpAnswer,
    IdentityRefused,
    JsonAnswer,
    Secret,
)
from ocibroker_kubernetes.cluster import Cluster, cluster_of
from ocibroker_kubernetes.options import KubernetesOptions
from ocibroker_kubernetes.secret_data import SecretData
from ocibroker_kubernetes.value import Value


class _Named(JsonAnswer):
    name: str = ""


class _Secret(JsonAnswer, tag_field="kind", tag="Secret"):
    type: str = ""
    data: dict[str, str] | None = None


class _ServiceAccount(JsonAnswer, tag_field="kind", tag="ServiceAccount"):
    imagePullSecrets: list[_Named] | None = None  # noqa: N815  # the API's own spelling


A = TypeVar("A", bound=JsonAnswer)

_ELSE: Final = "something else answers in its place: look at the address, and at the proxy"


@dataclass(frozen=True, slots=True)
class ApiServer:
    """Asks ``cluster``, as whom ``token`` is for; none where a client certificate says that."""

    request: FetchRequest[KubernetesOptions]
    cluster: Cluster
    token: Secret | None

    @classmethod
    def of(cls, request: FetchRequest[KubernetesOptions]) -> Self:
        """Return the server that the rule means; errors as :func:`~ocibroker_kubernetes.cluster.cluster_of`."""
        cluster = cluster_of(request)
        token = request.secret(cluster.token) if cluster.token else None
        return cls(request, cluster, token)

    def secret(self, namespace: str, name: str) -> SecretData:
        """Return a secret.

        Raises :class:`~ocibroker.errors.IdentityRefused` where it may not be read or is not there, and other
        :class:`~ocibroker.errors.OcibrokerError`.
        """
        source = f"secret {namespace}/{name}"
        found = self._read(f"/api/v1/namespaces/{namespace}/secrets/{name}", source, _Secret)
        values = {key: _decoded(Value(key, f"{source}: {key}", text.encode())) for key, text in _items(found)}
        return SecretData(source, found.type or "Opaque", values)

    def pull_secrets(self, namespace: str, name: str) -> list[str]:
        """Return the names of a service account's ``imagePullSecrets``; errors as :meth:`secret`."""
        source = f"service account {namespace}/{name}"
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}"
        found = self._read(path, source, _ServiceAccount)
        return [one.name for one in found.imagePullSecrets or () if one.name]

    def _read(self, path: str, source: str, kind: type[A]) -> A:
        answer = self._get(path)
        if answer.status != 200:
            raise self._refused(answer.status, source)
        if (found := kind.read(answer.body)) is None:
            raise CredentialUnavailable(f"{self.cluster.url} gave no such object", culprit=source, hint=_ELSE)
        return found

    def _get(self, path: str) -> HttpAnswer:
        proof = {"Authorization": f"Bearer {self.token.reveal()}"} if self.token else {}
        cluster = self.cluster
        http = self.request.trusting(cluster.url, cluster.trust)
        return HttpAnswer.to(http, "GET", f"{cluster.url}{path}", headers={"Accept": "application/json", **proof})

    def _refused(self, status: int, source: str) -> CredentialUnavailable:
        server = self.cluster.url
        if status == 401:
            hint = "check the token: it may have expired, or be another cluster's"
            return CredentialUnavailable(f"{server} does not accept who asks", culprit=source, hint=hint)
        if status == 403:
            hint = "give who asks a Role with the verb get for it"
            return IdentityRefused(f"{server} does not let it be read", culprit=source, hint=hint)
        if status == 404:
            return IdentityRefused(f"{server} has none", culprit=source, hint="create it, or correct the rule")
        return CredentialUnavailable(f"{server} answered with status {status}", culprit=source, hint="try again")


def _items(found: _Secret) -> list[tuple[str, str]]:
    return list((found.data or {}).items())


def _decoded(value: Value) -> bytes:
    try:
        return base64.b64decode(value.content, validate=True)
    except (binascii.Error, ValueError):
        pass
    raise value.wrong("is not base64")
