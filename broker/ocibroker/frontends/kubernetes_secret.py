"""Accesses as a Kubernetes Secret of the type ``kubernetes.io/dockerconfigjson``, for ``imagePullSecrets``.

https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ocibroker.access import Access
from ocibroker.credential import Anonymous, Basic
from ocibroker.errors import CannotCarry, UsageError
from ocibroker.frontends.logins import docker_config, earliest_expiry

EXPIRES: Final = "ocibroker/expires-at"
"""The annotation that says when the first of its credentials expires, as RFC 3339 has it."""

_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)


def kubernetes_secret(accesses: Sequence[Access], name: str, namespace: str = "") -> dict[str, Any]:
    """Return the Secret; ``namespace`` may be empty.

    Raises :class:`~ocibroker.errors.UsageError` for names that Kubernetes does not take, and
    :class:`~ocibroker.errors.CannotCarry` for anything but user names and passwords.
    """
    _check(name, namespace)
    for access in accesses:
        if not isinstance(access.credential, Basic | Anonymous):
            why = "a pull secret carries a user name and a password only"
            raise CannotCarry(why, culprit=str(access.target))
    config = json.dumps(docker_config(accesses), separators=(",", ":"))
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, **_where(namespace), **_annotated(accesses)},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": base64.b64encode(config.encode()).decode("ascii")},
    }


def as_yaml(document: Mapping[str, Any]) -> str:
    """Return nested mappings of texts as YAML; a text is written as JSON has it, which YAML reads alike."""
    return "".join(f"{line}\n" for line in _lines(document))


def _lines(document: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield f"{indent}{key}:"
            yield from _lines(value, f"{indent}  ")
        else:
            yield f"{indent}{key}: {json.dumps(value)}"


def _check(name: str, namespace: str) -> None:
    if len(name) > 253 or not all(_LABEL.fullmatch(part) for part in name.split(".")):
        raise UsageError(
            "is no name of a Secret", culprit=f"--name {name!r}", hint="a-z, 0-9, - and . between them"
        )
    if namespace and not _LABEL.fullmatch(namespace):
        raise UsageError("is no namespace", culprit=f"--namespace {namespace!r}", hint="a-z, 0-9 and -")


def _where(namespace: str) -> dict[str, str]:
    return {"namespace": namespace} if namespace else {}


def _annotated(accesses: Sequence[Access]) -> dict[str, Any]:
    moment = earliest_expiry(accesses)
    return {"annotations": {EXPIRES: moment.strftime("%Y-%m-%dT%H:%M:%SZ")}} if moment else {}
