"""Bundles are read with a Fleet user's secret and nothing else, from each kind of server."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocibroker.bundle import read
from ocibroker.errors import TLSFailed
from ocibroker.oci.media_type import HELM_CHART, HELM_CONFIG
from ocibroker.testing import Authority
from tests.bundle.packed import file, packed
from tests.bundle.site import site
from tests.kubernetes.mounts import USER, mounted, rule
from tests.kubernetes.private import registry
from tests.oci.stock import Blob, artifact
from tests.transport.brokers import Desk

ARCHIVE = packed([file("app/Chart.yaml", b"name: app"), file("app/values.yaml")])


@pytest.fixture
def secret(tmp_path: Path, private: Authority) -> Path:
    return mounted(tmp_path / "helm", {**USER, "cacerts": private.pem})


def test_a_chart_of_a_registry(desk: Desk, tmp_path: Path, private: Authority, secret: Path) -> None:
    config = Blob(b'{"name":"app","version":"1.0.0"}', media_type=HELM_CONFIG)
    chart = artifact(Blob(ARCHIVE, media_type=HELM_CHART), config=config)
    with registry(private) as running:
        running.push("charts/other", "1.0.0", chart.manifest, chart.media_type, chart.blobs)
        broker = desk.broker(rule(running.address, f'fleet_secret = "{secret}"'))
        found = read(broker, f"oci://{running.address}/charts/other:1.0.0", tmp_path / "out")
    assert found.files == ("Chart.yaml", "values.yaml")


@pytest.mark.acceptance(20, 22)
def test_an_archive_of_a_web_server(desk: Desk, tmp_path: Path, private: Authority, secret: Path) -> None:
    with site(private.server_context("charts.test")) as web:
        desk.ports["charts.test", 443] = web.server.port
        web.guarded["/"] = ("alice", "wonder")
        web.files = {"/team/app.tgz": ARCHIVE, "/other/app.tgz": ARCHIVE}
        broker = desk.broker(rule("charts.test/team", f'fleet_secret = "{secret}"'))
        assert read(broker, "https://charts.test/team/app.tgz", tmp_path / "out").files
        seen = len(web.paths)
        with pytest.raises(TLSFailed):  # neither the user nor the authority is for another path
            read(broker, "https://charts.test/other/app.tgz", tmp_path / "other")
        assert len(web.paths) == seen
