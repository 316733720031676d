"""The tools that can be set up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from ocibroker.setup import docker, helm, podman
from ocibroker.setup.plan import Plan, Read
from ocibroker.setup.settings import Settings

Planner: TypeAlias = Callable[[Settings, Read], Plan]

TOOLS: Final[Mapping[str, Planner]] = MappingProxyType(
    {"docker": docker.plan, "helm": helm.plan, "podman": podman.plan}
)
"""Who makes the plan of a tool, by the tool's name."""
