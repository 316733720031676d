"""A kubeconfig in place of the pod's own service account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ocibroker import Basic
from ocibroker.errors import ConfigurationError, OcibrokerError
from ocibroker.testing import Authority
from tests.kubernetes.cluster import HOST, TOKEN, Cluster, encoded, serving
from tests.kubernetes.mounts import USER, rule
from tests.transport.brokers import Desk

REGISTRY = "registry.test"


def kubeconfig(folder: Path, port: int, cluster: dict[str, Any], user: dict[str, Any]) -> Path:
    path = folder / "kubeconfig"
    whole = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "there", "user": "me"}}],
        "clusters": [{"name": "there", "cluster": {"server": f"https://{HOST}:{port}", **cluster}}],
        "users": [{"name": "me", "user": user}],
    }
    path.write_text(yaml.safe_dump(whole))
    return path


def asked(desk: Desk, path: Path) -> str:
    broker = desk.broker(rule(REGISTRY, f'secret = "apps/pull", kubeconfig = "{path.name}"'))
    credential = broker.access(REGISTRY).credential
    assert isinstance(credential, Basic)
    return credential.username


@pytest.mark.parametrize("ca", ["data", "file"])
@pytest.mark.parametrize("token", ["text", "file"])
def test_authority_and_token_stand_in_it_or_in_files(
    ca: str, token: str, desk: Desk, cluster: Cluster, of_cluster: Authority, tmp_path: Path
) -> None:
    cluster.secret("apps/pull", USER)
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    of_cluster.write(tmp_path)
    trusted = {
        "data": {"certificate-authority-data": encoded(of_cluster.pem)},
        "file": {"certificate-authority": "ca.pem"},
    }
    known = {"text": {"token": TOKEN}, "file": {"tokenFile": "token"}}
    path = kubeconfig(tmp_path, cluster.server.port, trusted[ca], known[token])
    assert asked(desk, path) == "alice"


@pytest.mark.acceptance(17)
def test_a_client_certificate_says_who_asks(desk: Desk, of_cluster: Authority, tmp_path: Path) -> None:
    people = Authority()
    people.issue("me@example.com").write(tmp_path)
    context = of_cluster.server_context(HOST, client_authority=people)
    with serving(tmp_path, context) as cluster:
        cluster.secret("apps/pull", USER)
        cluster.token = ""
        user = {"client-certificate": "cert.pem", "client-key": "key.pem"}
        trusted = {"certificate-authority-data": encoded(of_cluster.pem)}
        path = kubeconfig(tmp_path, cluster.server.port, trusted, user)
        assert asked(desk, path) == "alice"


@pytest.mark.parametrize(
    ("cluster_part", "user_part", "why"),
    [
        ({}, {"exec": {"command": "aws"}}, "user 'me': exec is not used here"),
        ({}, {"client-key-data": "x"}, "client-key-data is not used here"),
        ({"tls-server-name": "x"}, {}, "cluster 'there': tls-server-name is not used here"),
        ({"server": "http://x"}, {}, "server is no https:// URL"),
        ({"insecure-skip-tls-verify": "yes"}, {}, "neither true nor false"),
        ({"certificate-authority-data": "%"}, {}, "not the base64 of PEM"),
        ({}, {"token": ["x"]}, "token is no text"),
        ({}, {"token": "a\nb"}, "token: a secret holds a control character"),
    ],
)
def test_what_cannot_be_used_is_named(
    cluster_part: dict[str, Any], user_part: dict[str, Any], why: str, desk: Desk, tmp_path: Path
) -> None:
    path = kubeconfig(tmp_path, 1, cluster_part, user_part)
    with pytest.raises(ConfigurationError) as caught:
        asked(desk, path)
    assert why in caught.value.message
    assert caught.value.culprit == f"file {path}"


@pytest.mark.parametrize("text", ["", "current-context: elsewhere", "contexts: {}", "- x", "clusters: [1]"])
def test_what_is_no_kubeconfig_is_refused(text: str, desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(OcibrokerError) as caught:
        asked(desk, path)
    assert caught.value.culprit == f"file {path}"


def test_one_that_is_not_there_is_named(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        asked(desk, tmp_path / "kubeconfig")
