"""The tools that can be set up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from ocibroker.setup import bazel, buildkit, containerd, docker, git, helm, kubelet, podman
from ocibroker.setup.plan import Plan, Read
from ocibroker.setup.settings import Settings

Planner: TypeAlias = Callable[[Settings, Read], Plan]

TOOLS: Final[Mapping[str, Planner]] = MappingProxyType(
    {
        "docker": docker.plan,
        "podman": podman.plan,
        "helm": helm.plan,
        "containerd": containerd.plan,
        "kubelet": kubelet.plan,
        "git": git.plan,
        "bazel": bazel.plan,
        "buildkit": buildkit.plan,
    }
)
"""Who makes the plan of a tool, by the tool's name."""
