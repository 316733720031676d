"""The kubelet: a ``CredentialProviderConfig`` of our own.

https://kubernetes.io/docs/reference/config-api/kubelet-config.v1/#kubelet-config-k8s-io-v1-CredentialProviderConfig
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ocibroker.errors import UsageError
from ocibroker.folders import home
from ocibroker.setup.plan import Plan, Planned, Read
from ocibroker.setup.settings import Settings

EXECUTABLE: Final = "ocibroker-credential-provider"
_HEAD: Final = f"""\
# Written by `ocibroker setup kubelet`.
apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
  - name: {EXECUTABLE}
    apiVersion: credentialprovider.kubelet.k8s.io/v1
    defaultCacheDuration: 0s
    matchImages:
"""


def plan(settings: Settings, read: Read) -> Plan:
    """Return the file; raises UsageError for one that is somebody else's, since a kubelet reads only one."""
    path = settings.file or settings.etc / "kubernetes" / "ocibroker-credential-provider.yaml"
    images = tuple(_images(settings))
    if not images:
        return Plan((), settings.notes)
    if read(path) is not None:
        raise UsageError(
            "is somebody else's, and the kubelet reads one such file",
            culprit=str(path),
            hint="name another with --file, and copy its provider into yours",
        )
    notes = (
        f"start the kubelet with --image-credential-provider-config={path}, which it reads when it starts",
        f"and with --image-credential-provider-bin-dir, the folder of {EXECUTABLE}",
        "the kubelet pulls by its runtime, which has a trust of its own: `ocibroker setup containerd`",
    )
    content = _content(images, dict(_variables(settings)))
    return Plan((Planned(path, content),), (*settings.notes, *notes), shared=True)


def _images(settings: Settings) -> Iterator[str]:
    """Return the patterns of the kubelet, which has our ``*`` and our paths."""
    for host in settings.hosts:
        yield from (f"{host.name}/{path}" for path in host.paths if not host.asks)
        yield from [host.name] if host.asks else []
    yield from settings.globs


def _variables(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Return what the kubelet's own environment lacks: where to remember tokens, and where the configuration is."""
    if (folder := home(settings.environ)) != Path("/"):
        yield "HOME", folder
    if settings.config:
        yield "OCIBROKER_CONFIG", settings.config


def _content(images: tuple[str, ...], variables: Mapping[str, Path]) -> bytes:
    # A JSON string is a YAML string too.
    lines = [f"      - {json.dumps(image)}\n" for image in images]
    lines += ["    env:\n"] if variables else []
    for name, value in variables.items():
        lines += [f"      - name: {name}\n", f"        value: {json.dumps(str(value))}\n"]
    return (_HEAD + "".join(lines)).encode()
