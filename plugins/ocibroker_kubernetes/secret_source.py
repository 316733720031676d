"""``{ kubernetes = { … } }``: one key of a Secret at the API server.

A Secret that is mounted is a folder of files: ``{ file = … }`` reads these.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ocibroker.provider import CredentialUnavailable, Secret, Ttl, secret_field
from ocibroker_kubernetes.options import KubernetesOptions

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest


class KubernetesSecretOptions(KubernetesOptions, frozen=True, kw_only=True):
    """``secret`` is ``namespace/name``, ``key`` one of its keys.

    The API server is the pod's own, and ``credentials`` the folder with ``token`` and ``ca.crt``; or ``kubeconfig``
    names another.
    """

    secret: str
    key: str = "password"
    ttl: Ttl = 60.0

    def __post_init__(self) -> None:
        KubernetesOptions.__post_init__(self)
        if self.path:
            raise ValueError("has no paths: name one in a rule of the provider kubernetes")


class KubernetesSecrets:
    """Reads one key of a Secret."""

    name = "kubernetes"
    options = KubernetesSecretOptions

    def place(self, options: KubernetesSecretOptions) -> str:
        """Return secret, cluster and key."""
        server = f" by {options.kubeconfig}" if options.kubeconfig else ""
        return f"secret {options.secret}{server}, {options.key}"

    def watch(self, options: KubernetesSecretOptions, environ: Mapping[str, str]) -> tuple[Path, ...]:
        """Return the kubeconfig, if there is one: a pod's token that was renewed is for the same account."""
        return (options.kubeconfig,) if options.kubeconfig else ()

    def read(self, request: FetchRequest[KubernetesSecretOptions]) -> Secret:
        """Return what stands under the key; errors as the provider's ``fetch``."""
        from ocibroker_kubernetes.api_server import ApiServer

        request.deadline.left()
        data = ApiServer.of(request).secret(*request.options.secret.split("/"))
        if (value := data.value(request.options.key)) is None:
            hint = "correct key in the reference, or the secret"
            raise CredentialUnavailable(f"has nothing under {request.options.key!r}", hint=hint)
        return secret_field(value.text, "")
