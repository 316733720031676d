"""Which API server, by which token, trusted how: as a pod finds them, or by a kubeconfig.

https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ocibroker.provider import (
    ConfigurationError,
    CredentialUnavailable,
    FetchRequest,
    SecretRef,
    Trust,
    pod_api_server,
)
from ocibroker_kubernetes.options import KubernetesOptions

_TOKEN: Final = "token"  # noqa: S105  # a file's name
_CA: Final = "ca.crt"


@dataclass(frozen=True, slots=True)
class Cluster:
    """``url`` has no slash at its end; ``token`` is none where a client certificate says who asks."""

    url: str
    trust: Trust
    token: SecretRef | None


def cluster_of(request: FetchRequest[KubernetesOptions]) -> Cluster:
    """Return the cluster that the rule names, else the one that the pod runs in.

    Raises :class:`~ocibroker.errors.OcibrokerError` for a kubeconfig that cannot be used, or where there is no pod.
    """
    if request.options.kubeconfig is not None:
        from ocibroker_kubernetes.kubeconfig import read_kubeconfig

        return read_kubeconfig(request.options.kubeconfig)
    if not (url := pod_api_server(request.environ)):
        raise CredentialUnavailable(
            "no API server is known: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set",
            hint="run it in a pod, or name a kubeconfig in the rule",
        )
    return _in_pod(url, request.options.credentials)


def _in_pod(url: str, folder: Path) -> Cluster:
    ca = folder / _CA
    if not ca.exists():
        raise ConfigurationError(
            "is not there", culprit=f"file {ca}", hint="mount the service account's token, or set credentials"
        )
    return Cluster(url, Trust(source=f"the service account at {folder}", ca=ca), SecretRef(file=folder / _TOKEN))
