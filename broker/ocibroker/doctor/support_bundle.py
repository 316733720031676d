"""What somebody who helps needs to see, in one file and without a secret."""

from __future__ import annotations

import io
import json
import platform
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ocibroker.config import find
from ocibroker.doctor.environment import VARIABLES
from ocibroker.doctor.finding import Finding
from ocibroker.doctor.redaction import REDACTED, redacted_configuration
from ocibroker.doctor.report import as_data
from ocibroker.errors import OcibrokerError
from ocibroker.tls import Proxy
from ocibroker.version import __version__
from ocibroker.writing import write_private

_BEGINNING: Final = (1980, 1, 1, 0, 0, 0)
"""A zip's earliest moment: the same findings make the same bytes."""
_PACKAGES: Final = (
    "anyio", "azure-identity", "boto3", "cryptography", "google-auth", "h11", "hiredis", "httpcore", "httptools",
    "httpx", "hvac", "keyring", "msal", "msgspec", "pluggy", "prometheus-client", "pyyaml", "rich", "spiffe",
    "tomlkit", "truststore", "typer", "uvicorn", "uvloop",
)  # fmt: skip
_SHOWN: Final = frozenset(
    {
        "AWS_CONFIG_FILE", "AWS_PROFILE", "AWS_REGION", "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_TENANT_ID",
        "DOCKER_CONFIG",
        "GOOGLE_APPLICATION_CREDENTIALS", "HELM_CONFIG_HOME", "HELM_REGISTRY_CONFIG", "HOME", "NO_PROXY",
        "OCIBROKER_CONFIG", "OCIBROKER_NESTED", "OCIBROKER_SOCKET", "PATH", "REGISTRY_AUTH_FILE", "SSH_AUTH_SOCK",
        "SSL_CERT_DIR", "SSL_CERT_FILE", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "no_proxy",
    }
)  # fmt: skip
"""Paths and names: their values are shown."""
_MATTERING: Final = (
    "ACTIONS_ID_TOKEN_", "AWS_", "AZURE_", "CI_DEPLOY_", "CI_JOB_TOKEN", "CI_REGISTRY", "DOCKER_", "GITHUB_ACTIONS",
    "GITHUB_ACTOR", "GITHUB_TOKEN", "GOOGLE_", "HELM_", "KUBERNETES_", "OCIBROKER_", "XDG_",
)  # fmt: skip
"""Beginnings of names."""


def write(path: Path, findings: Sequence[Finding], environ: Mapping[str, str], config: Path | None) -> None:
    """Write a zip of JSON files, for its owner alone.

    Raises :class:`~ocibroker.errors.WriteFailed`, also where there is a file of that name already.
    """
    parts = {
        "findings.json": as_data(findings),
        "versions.json": _versions(),
        "configuration.json": redacted_configuration(config or find(environ)),
        "environment.json": _environment(environ),
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name, _BEGINNING), json.dumps(data, indent=2) + "\n")
    write_private(path, held.getvalue())


def _versions() -> dict[str, Any]:
    from importlib.metadata import distributions  # slow, and nobody else needs it

    there = {one.name.lower().replace("_", "-"): one.version for one in distributions() if one.name}
    return {
        "ocibroker": __version__,
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "packages": {name: there.get(name) for name in _PACKAGES},
    }


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    names = sorted(one for one in environ if one in _SHOWN | VARIABLES or one.startswith(_MATTERING))
    return {name: _value(name, environ[name]) for name in names}


def _value(name: str, value: str) -> str:
    if name in VARIABLES:
        try:
            return str(Proxy.parse(value, name)) if value else ""
        except OcibrokerError:
            return REDACTED
    return value if name in _SHOWN else REDACTED
