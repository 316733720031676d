"""The providers that come with ocibroker: known by module name, so that finding them costs no scan."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

BUILT_IN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "acr": "ocibroker_acr",
        "anonymous": "ocibroker_anonymous",
        "artifactory": "ocibroker_artifactory",
        "basic": "ocibroker_basic",
        "chainguard": "ocibroker_chainguard",
        "cloudsmith": "ocibroker_cloudsmith",
        "digitalocean": "ocibroker_digitalocean",
        "docker-config": "ocibroker_docker_config",
        "dockerhub": "ocibroker_dockerhub",
        "ecr": "ocibroker_ecr",
        "exec": "ocibroker_exec",
        "gar": "ocibroker_gar",
        "github": "ocibroker_github",
        "gitlab": "ocibroker_gitlab",
        "harbor": "ocibroker_harbor",
        "keyring": "ocibroker_keyring",
        "kubernetes": "ocibroker_kubernetes",
        "oidc": "ocibroker_oidc",
        "oracle": "ocibroker_oracle",
        "quay": "ocibroker_quay",
        "vault": "ocibroker_vault",
    }
)
"""Entry-point name to module. A test keeps it equal to the distribution's own entry points."""

UNASKED: Final = frozenset({"acr", "docker-config", "ecr", "gar", "github", "gitlab"})
"""Those that claim targets. The others are loaded where a rule names them, since each costs a command its time."""
