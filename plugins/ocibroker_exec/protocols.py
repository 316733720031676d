"""The protocols that a program may speak."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ocibroker.provider import Anonymous, Credential, FetchRequest
from ocibroker_exec import bazel, docker, kubelet
from ocibroker_exec.options import ExecOptions, Protocol

PROTOCOLS: Final[Mapping[Protocol, Callable[[FetchRequest[ExecOptions]], Credential | Anonymous]]] = (
    MappingProxyType({"docker": docker.ask, "kubelet": kubelet.ask, "bazel": bazel.ask})
)
