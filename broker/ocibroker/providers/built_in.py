"""The providers that come with ocibroker: known by module name, so that finding them costs no scan."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

BUILT_IN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "acr": "ocibroker_acr",
        "anonymous": "ocibroker_anonymous",
        "basic": "ocibroker_basic",
        "docker-config": "ocibroker_docker_config",
        "ecr": "ocibroker_ecr",
        "gar": "ocibroker_gar",
        "keyring": "ocibroker_keyring",
        "kubernetes": "ocibroker_kubernetes",
        "vault": "ocibroker_vault",
    }
)
"""Entry-point name to module. A test keeps it equal to the distribution's own entry points."""
