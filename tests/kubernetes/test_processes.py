"""Who asks a sidecar, and a child that was forked, trust as the secret says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ocibroker import Broker
from ocibroker.testing import Authority
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.mounts import USER, mounted, rule
from tests.kubernetes.private import APP, registry
from tests.sidecar.node import Node
from tests.transport.brokers import MODES, Desk, Mode, ask, exchange

MANIFEST = f"/v2/charts/app/manifests/{APP.tag}"
ACCEPT: Mapping[str, str] = {"Accept": APP.media_type}


def keeping(kept: str, values: Mapping[str, str], cluster: Cluster, folder: Path) -> str:
    """Keep a secret in the cluster and as files, and return the options of a rule that reads it there."""
    cluster.secret("apps/helm", values)
    options = {
        "mounted": f'fleet_secret = "{mounted(folder / "helm", values)}"',
        "api": f'secret = "apps/helm", credentials = "{folder / "serviceaccount"}"',
    }
    return options[kept]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kept", ["mounted", "api"])
def test_who_asks_a_sidecar_trusts_as_its_secret_says(
    kept: str, mode: Mode, desk: Desk, tmp_path: Path, private: Authority, cluster: Cluster, roots: Path
) -> None:
    options = keeping(kept, {**USER, "cacerts": private.pem}, cluster, tmp_path)
    with registry(private) as running:
        whole = desk.broker(rule(running.address, options), environ=cluster.environ)
        place = tmp_path / "broker.sock"
        connected = Broker.connect(place, environ={"SSL_CERT_FILE": str(roots)}, route=desk.route)
        with Node.of(whole).at(place), connected as broker:
            access = ask(broker, mode, f"{running.address}/charts/app")
            assert exchange(access, mode, "GET", MANIFEST, headers=ACCEPT).content == APP.manifest


@pytest.mark.fault(43)
@pytest.mark.parametrize("kept", ["mounted", "api"])
def test_what_begins_anew_trusts_as_before(
    kept: str, desk: Desk, tmp_path: Path, private: Authority, cluster: Cluster
) -> None:
    options = keeping(kept, {**USER, "cacerts": private.pem}, cluster, tmp_path)
    with registry(private) as running:
        broker = desk.broker(rule(running.address, options), environ=cluster.environ)
        target = f"{running.address}/charts/app"
        first = broker.access(target).tls.ca
        broker.forked()
        with broker.access(target).client() as http:
            assert http.get(MANIFEST, headers=ACCEPT).content == APP.manifest
        assert (broker.access(target).tls.ca == first) == (kept == "mounted")
