"""What a pod of Kubernetes finds around itself: its service account, and its API server.

https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""The folder with its ``token`` and the ``ca.crt`` of the API server."""


def pod_api_server(environ: Mapping[str, str]) -> str:
    """Return the URL of the API server, without a slash at its end; nothing outside of a pod."""
    host, port = (environ.get(f"KUBERNETES_SERVICE_{part}", "") for part in ("HOST", "PORT"))
    name = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"https://{name}:{port}" if host and port else ""
