"""A kubeconfig: the current context's cluster, and a token or a client certificate in files.

Programs that get a token (``exec``, ``auth-provider``) are not run, and keys are not copied out of the file.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocibroker.provider import ConfigurationError, OcibrokerError, Secret, SecretRef, Trust
from ocibroker_kubernetes.cluster import Cluster
from ocibroker_kubernetes.value import Value
from ocibroker_kubernetes.yaml_text import read_yaml

_UNUSED = ("exec", "auth-provider", "client-certificate-data", "client-key-data", "username", "password", "as")


@dataclass(frozen=True, slots=True)
class _Part:
    """A mapping in the file, and the file."""

    file: Path
    name: str
    values: Mapping[str, Any]

    def text(self, key: str) -> str:
        value = self.values.get(key, "")
        if not isinstance(value, str):
            raise self.wrong(f"{key} is no text")
        return value

    def path(self, key: str) -> Path | None:
        text = self.text(key)
        return self.file.parent / text if text else None

    def entry(self, many: str, name: str, one: str) -> _Part:
        """Return the entry of that name in the list ``many``."""
        entries = self.values.get(many)
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, Mapping) and entry.get("name") == name and isinstance(entry.get(one), Mapping):
                return _Part(self.file, f"{one} {name!r}", entry[one])
        raise self.wrong(f"has no {one} {name!r}")

    def wrong(self, why: str, hint: str = "correct it, or name another in the rule") -> ConfigurationError:
        lead = f"{self.name}: " if self.name else ""
        return ConfigurationError(f"{lead}{why}", culprit=f"file {self.file}", hint=hint)


def read_kubeconfig(file: Path) -> Cluster:
    """Return the cluster of the current context.

    Raises :class:`~ocibroker.errors.ConfigurationError` that names the file and what in it cannot be used.
    """
    whole = _whole(file)
    context = whole.entry("contexts", whole.text("current-context"), "context")
    cluster = whole.entry("clusters", context.text("cluster"), "cluster")
    user = whole.entry("users", context.text("user"), "user")
    if unused := [key for key in _UNUSED if user.values.get(key)]:
        hint = "give a token, tokenFile, or client-certificate and client-key"
        raise user.wrong(f"{unused[0]} is not used here", hint)
    if cluster.values.get("tls-server-name"):
        raise cluster.wrong("tls-server-name is not used here", "name the server by what its certificate is for")
    url = cluster.text("server").rstrip("/")
    if not url.startswith("https://"):
        raise cluster.wrong("server is no https:// URL")
    return Cluster(url, _trust(cluster, user), _token(user))


def _whole(file: Path) -> _Part:
    whole = _Part(file, "", {})
    try:
        content = file.read_bytes()
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
    else:
        return _Part(file, "", read_yaml(Value(file.name, f"file {file}", content, file)))
    raise whole.wrong(why, "correct the path or the mode")


def _trust(cluster: _Part, user: _Part) -> Trust:
    insecure = cluster.values.get("insecure-skip-tls-verify") or False
    if not isinstance(insecure, bool):
        raise cluster.wrong("insecure-skip-tls-verify is neither true nor false")
    data = cluster.text("certificate-authority-data")
    return Trust(
        source=f"file {cluster.file}",
        ca=_decoded(data, cluster) if data else cluster.path("certificate-authority"),
        client_cert=user.path("client-certificate"),
        client_key=user.path("client-key"),
        insecure=insecure,
    )


def _decoded(data: str, cluster: _Part) -> str:
    try:
        return base64.b64decode(data, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        pass
    raise cluster.wrong("certificate-authority-data is not the base64 of PEM")


def _token(user: _Part) -> SecretRef | None:
    if file := user.path("tokenFile"):
        return SecretRef(file=file)
    text = user.text("token")
    try:
        return SecretRef(literal=Secret(text)) if text else None
    except OcibrokerError as error:
        failure = user.wrong(f"token: {error.message}")
    raise failure
