"""What a secret says of TLS is told as what the configuration says."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from ocibroker.testing import Authority
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.mounts import mounted, rule
from tests.transport.brokers import Desk


@pytest.mark.parametrize(
    ("values", "part", "shown"),
    [({"cacerts": "{ca}"}, "ca", ["{folder}/cacerts"]), ({"insecureSkipVerify": "1"}, "insecure", True)],
    ids=["ca", "insecure"],
)
def test_it_names_the_file_that_each_part_comes_from(
    values: dict[str, str], part: str, shown: object, desk: Desk, tmp_path: Path, private: Authority
) -> None:
    folder = tmp_path / "helm"
    mounted(folder, {key: value.format(ca=private.pem) for key, value in values.items()})
    found = desk.broker(rule("registry.test", f'fleet_secret = "{folder}"')).explain("registry.test/app")
    expected = [one.format(folder=folder) for one in shown] if isinstance(shown, list) else shown
    assert found.tls[part] == expected
    assert found.tls["sources"][part] == f"file {folder / next(iter(values))}"
    assert found.tls_error is None


def test_what_only_the_api_server_knows_is_not_asked_for(desk: Desk, cluster: Cluster) -> None:
    options = f'secret = "fleet-local/helm", credentials = "{cluster.folder / "serviceaccount"}"'
    broker = desk.broker(rule("registry.test", options), environ=cluster.environ)
    found = broker.explain("registry.test/app")
    assert found.tls["notes"] == ["what provider kubernetes says of TLS is not known before it is asked"]
    assert cluster.asked == []


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_what_is_weakened_is_logged_and_counted_at_once(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = mounted(tmp_path / "helm", {"basicHTTP": "true"})
    broker = desk.broker(rule("registry.test", f'fleet_secret = "{folder}"'))
    said = [f"plain_http is set for registry.test (file {folder / 'basicHTTP'})"]
    assert (warned(caplog), broker.weakened) == (said, 1)
    for path in ("one", "two"):
        assert str(broker.access(f"registry.test/{path}").origin) == "http://registry.test"
    assert (warned(caplog), broker.weakened) == (said, 1)
