"""What a rule may say of where the secret is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ocibroker.provider import FLEET_PATH, SERVICE_ACCOUNT, Options, Request

_LABEL: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# Not compiled, since only a rule of this provider needs it.
_NAME: Final = rf"(?a:{_LABEL}/{_LABEL}(?:\.{_LABEL})*)"
"""``namespace/name``, by RFC 1123."""


class KubernetesOptions(Options, frozen=True, kw_only=True):
    """Exactly one of ``fleet_secret``, ``secret`` and ``service_account`` says where the secret is.

    ``fleet_secret`` is the folder that it is mounted to. ``secret`` and ``service_account`` are ``namespace/name``
    at the API server; of an account its ``imagePullSecrets`` are used. ``path`` is the folder of the bundle, where
    a secret has something for each. The API server is the pod's own, and ``credentials`` the folder with ``token``
    and ``ca.crt``; or ``kubeconfig`` names another.
    """

    fleet_secret: Path | None = None
    secret: str = ""
    service_account: str = ""
    path: str = ""
    credentials: Path = SERVICE_ACCOUNT
    kubeconfig: Path | None = None

    def __post_init__(self) -> None:
        if bool(self.fleet_secret) + bool(self.secret) + bool(self.service_account) != 1:
            raise ValueError("needs exactly one of fleet_secret, secret and service_account")
        if not self.fleet_secret and not re.fullmatch(_NAME, self.secret or self.service_account):
            raise ValueError("names a secret or a service account by something else than namespace/name")

    @property
    def named(self) -> str:
        """What is read at the API server."""
        return f"secret {self.secret}" if self.secret else f"service account {self.service_account}"

    def server_in(self, environ: Mapping[str, str]) -> str:
        """Return the API server, or where it is named."""
        if self.kubeconfig:
            return f"the server of {self.kubeconfig}"
        return f"{environ.get('KUBERNETES_SERVICE_HOST', '')}:{environ.get('KUBERNETES_SERVICE_PORT', '')}"


def path_of(request: Request[KubernetesOptions]) -> str:
    """Return the path that a secret for paths is asked for: the rule's, else the caller's, else the target's."""
    said = request.caller.annotations.get(FLEET_PATH, "") if request.caller else ""
    return (request.options.path or said or request.target.path).strip("/")
