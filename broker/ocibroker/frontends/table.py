"""Every front end by the name of its protocol: what the sidecar serves, and what the executables are."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ocibroker.frontends.bazel import BAZEL
from ocibroker.frontends.docker import DOCKER
from ocibroker.frontends.front_end import FrontEnd
from ocibroker.frontends.git import GIT
from ocibroker.frontends.kubelet import KUBELET

FRONT_ENDS: Final[Mapping[str, FrontEnd]] = MappingProxyType(
    {one.name: one for one in (DOCKER, GIT, BAZEL, KUBELET)}
)
