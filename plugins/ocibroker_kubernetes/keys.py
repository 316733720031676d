"""The keys of Secrets, as Kubernetes and Fleet spell them.

https://kubernetes.io/docs/concepts/configuration/secret/#secret-types
https://fleet.rancher.io/gitrepo-add#using-private-helm-repositories
"""

from __future__ import annotations

from typing import Final

DOCKER_CONFIG: Final = ".dockerconfigjson"
DOCKER_CFG: Final = ".dockercfg"
PATHS: Final = "secrets-path.yaml"
REFERENCE: Final = "reference"
USERNAME: Final = "username"
PASSWORD: Final = "password"  # noqa: S105  # a key
AGENT_USERNAME: Final = "agentUsername"
AGENT_PASSWORD: Final = "agentPassword"  # noqa: S105  # a key
CA: Final = "cacerts"
PRIVATE_KEY: Final = "ssh-privatekey"
KNOWN_HOSTS: Final = "known_hosts"
INSECURE: Final = "insecureSkipVerify"
INSECURE_STORAGE: Final = ("insecureSkipTLS", "insecure")
PLAIN_HTTP: Final = "basicHTTP"

KEYS: Final = (
    DOCKER_CONFIG,
    DOCKER_CFG,
    PATHS,
    REFERENCE,
    USERNAME,
    PASSWORD,
    AGENT_USERNAME,
    AGENT_PASSWORD,
    CA,
    PRIVATE_KEY,
    KNOWN_HOSTS,
    INSECURE,
    *INSECURE_STORAGE,
    PLAIN_HTTP,
)
"""All that are read; a mounted secret has a file for each of its own."""

OCI_STORAGE: Final = "fleet.cattle.io/bundle-oci-storage/v1alpha1"
DOCKER_CONFIG_TYPE: Final = "kubernetes.io/dockerconfigjson"
DOCKER_CFG_TYPE: Final = "kubernetes.io/dockercfg"
