"""``kubernetes``: what Fleet and Kubernetes keep in Secrets, from mounted files or from the API server.

A secret of Fleet's also says how its registry is trusted, and that holds for the accesses of its rule. All requests
to the API server are the broker's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from ocibroker.provider import (
    Anonymous,
    Credential,
    Identity,
    Provider,
    Request,
    SecretSource,
    SSHKey,
    Target,
    Trust,
    providers,
    secret_sources,
)
from ocibroker_kubernetes.options import KubernetesOptions, path_of

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest

__all__ = ["KubernetesOptions", "KubernetesProvider", "ocibroker_providers"]

_KEEP: Final = timedelta(minutes=1)
"""The API server is asked again after that: a change in a mounted secret takes the kubelet as long."""

TESTED: Final = (
    ("secret that is mounted", "real: files"),
    ("secret or service account at the API server", "emulator: API server"),
)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""


class KubernetesProvider:
    """Serves whatever a rule gives it; claims nothing by itself."""

    name = "kubernetes"
    options = KubernetesOptions

    def claim(self, target: Target) -> None:
        """Claim nothing: which secret is for which registry, only a rule can say."""

    def identity(self, request: Request[KubernetesOptions]) -> Identity:
        """Return the secret, and what is taken from it; files are watched, the API server is asked each minute."""
        options, target = request.options, request.target
        wanted = (str(target), *target.actions, f"path {path_of(request)}")
        if (folder := options.fleet_secret) is not None:
            from ocibroker_kubernetes.keys import KEYS  # here, as the others: most have no such rule

            return Identity((f"folder {folder}", *wanted), watch=tuple(folder / key for key in KEYS))
        watch = (options.kubeconfig,) if options.kubeconfig else ()
        return Identity(
            (options.named, f"at {options.server_in(request.environ)}", *wanted), watch=watch, keep=_KEEP
        )

    def fetch(self, request: FetchRequest[KubernetesOptions]) -> Credential | Anonymous:
        """Return what the secret has for the target; anonymous where it is one of Fleet's without a user.

        Raises :class:`~ocibroker.errors.OcibrokerError` that names the file or the key that is wrong, or says what
        the API server has refused.
        """
        from ocibroker_kubernetes.content import credential_of

        return credential_of(request)

    def trust(self, request: FetchRequest[KubernetesOptions]) -> Trust | None:
        """Return what the secret says of its registry's TLS; errors as :meth:`fetch`."""
        from ocibroker_kubernetes.content import trust_of

        return trust_of(request)

    def ssh_key(self, request: FetchRequest[KubernetesOptions]) -> SSHKey | None:
        """Return the secret's key for SSH; errors as :meth:`fetch`."""
        from ocibroker_kubernetes.content import ssh_key_of

        return ssh_key_of(request)


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[KubernetesOptions] = KubernetesProvider()
    return [provider]


@secret_sources
def ocibroker_secret_sources() -> Sequence[SecretSource[Any]]:
    """Return the one source of secrets."""
    from ocibroker_kubernetes.secret_source import KubernetesSecretOptions, KubernetesSecrets

    source: SecretSource[KubernetesSecretOptions] = KubernetesSecrets()
    return [source]
