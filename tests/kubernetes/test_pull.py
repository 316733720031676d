"""A Fleet user's secret works unchanged: as whom, and over which transport, without another line."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

import pytest

from ocibroker.errors import TLSFailed
from ocibroker.testing import Authority
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.mounts import USER, entry, for_paths, mounted, rule
from tests.kubernetes.private import APP, pull, registry
from tests.transport.brokers import MODES, Desk, Mode

TLS: Mapping[str, Mapping[str, str]] = {
    "ca": {"cacerts": "{ca}"},
    "insecure": {"insecureSkipVerify": "true"},
    "plain": {"basicHTTP": "true"},
    "none": {"insecureSkipVerify": "false", "basicHTTP": "false"},
}
CREDENTIALS: Mapping[str, Mapping[str, str]] = {"user": USER, "nobody": {}}
KINDS = ("mounted", "for-paths", "storage", "api")


def written(kind: str, folder: Path, cluster: Cluster, address: str, values: Mapping[str, str], ca: str) -> str:
    """Keep ``values`` in a secret of that kind; return the options of the rule."""
    values = {key: value.format(ca=ca) for key, value in values.items()}
    if kind == "mounted":
        return f'fleet_secret = "{mounted(folder / "helm", values)}"'
    if kind == "storage":
        spelt = {"insecureSkipTLS" if key == "insecureSkipVerify" else key: one for key, one in values.items()}
        return f'fleet_secret = "{mounted(folder / "storage", {**spelt, "reference": f"{address}/fleet"})}"'
    if kind == "api":
        cluster.secret("fleet-local/helm", values)
        return f'secret = "fleet-local/helm", credentials = "{folder / "serviceaccount"}"'
    flags = {key: value == "true" for key, value in values.items() if key in {"insecureSkipVerify", "basicHTTP"}}
    user = {key: value.strip() for key, value in values.items() if key in USER}
    text = for_paths({"apps/one": entry(ca=values.get("cacerts", ""), **user, **flags)})
    return f'fleet_secret = "{mounted(folder / "paths", {"secrets-path.yaml": text})}", path = "apps/one"'


@pytest.mark.acceptance(1, 2, 16)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("who", "tls"), [*itertools.product(CREDENTIALS, TLS)])
def test_a_chart_is_pulled_in_each_combination(
    who: str,
    tls: str,
    kind: str,
    mode: Mode,
    desk: Desk,
    tmp_path: Path,
    private: Authority,
    authority: Authority,
    cluster: Cluster,
) -> None:
    known = {"none": authority, "plain": None}.get(tls, private)
    with registry(known, users=who == "user") as running:
        values = {**CREDENTIALS[who], **TLS[tls]}
        options = written(kind, tmp_path, cluster, running.address, values, private.pem)
        text = rule(running.address, options)
        assert pull(desk, text, running.address, mode, cluster.environ) == APP.manifest


@pytest.mark.acceptance(1)
@pytest.mark.parametrize("who", CREDENTIALS)
def test_without_its_authority_the_registry_is_not_trusted(
    who: str, desk: Desk, tmp_path: Path, private: Authority
) -> None:
    with registry(private) as running:
        text = rule(running.address, f'fleet_secret = "{mounted(tmp_path / "helm", CREDENTIALS[who])}"')
        with pytest.raises(TLSFailed):
            pull(desk, text, running.address)
        assert list(running.requests) == []


def test_what_only_reads_gets_the_agents_user(desk: Desk, tmp_path: Path, authority: Authority) -> None:
    with registry(authority) as running:
        agent = {"agentUsername": "bob", "agentPassword": "builder"}
        values = {**USER, **agent, "reference": f"oci://{running.address}"}
        broker = desk.broker(rule(running.address, f'fleet_secret = "{mounted(tmp_path / "storage", values)}"'))
        users = {
            actions: broker.access(f"{running.address}/app", actions=actions).credential
            for actions in (("pull",), ("pull", "push"))
        }
    assert [getattr(found, "username", None) for found in users.values()] == ["bob", "alice"]
