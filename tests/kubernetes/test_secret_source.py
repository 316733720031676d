"""A password that is one key of a Secret at the API server."""

from __future__ import annotations

import pytest

from ocibroker import Broker
from ocibroker.errors import ConfigurationError, IdentityRefused, OcibrokerError
from tests.kubernetes.cluster import TOKEN, Cluster
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock
from tests.vendors import stored
from tests.vendors.stored import password

PATH = "/api/v1/namespaces/apps/secrets/charts"


def rule(cluster: Cluster, more: str = "") -> str:
    account = cluster.folder / "serviceaccount"
    return stored.rule("kubernetes", f'secret = "apps/charts", credentials = "{account}"{more}')


def failure(broker: Broker) -> OcibrokerError:
    return stored.failure(broker, "kubernetes secret apps/charts")


def test_it_is_read_by_the_service_account_and_trusted_by_its_authority(desk: Desk, cluster: Cluster) -> None:
    cluster.secret("apps/charts", {"password": "wonder\n"})
    assert password(desk.broker(rule(cluster), environ=cluster.environ)) == "wonder"
    assert cluster.asked == [PATH]
    assert cluster.server.saw("authorization") == [f"Bearer {TOKEN}"]


def test_another_key_may_be_named(desk: Desk, cluster: Cluster) -> None:
    cluster.secret("apps/charts", {"token": "w0nder"})
    assert password(desk.broker(rule(cluster, ', key = "token"'), environ=cluster.environ)) == "w0nder"


def test_it_is_read_anew_after_a_minute(desk: Desk, cluster: Cluster, clock: HandClock) -> None:
    cluster.secret("apps/charts", {"password": "wonder"})
    broker = desk.broker(rule(cluster), environ=cluster.environ, clock=clock)
    password(broker)
    cluster.secret("apps/charts", {"password": "rotated"})
    clock.move(60)
    assert password(broker) == "rotated"


@pytest.mark.parametrize("named", ["", "kubeconfig"])
def test_another_kubeconfig_may_be_another_account_and_a_pods_new_token_is_not(
    named: str, desk: Desk, cluster: Cluster
) -> None:
    path = str(desk.folder / named)
    more = f', kubeconfig = "{path}"' if named else ""
    watched = desk.broker(rule(cluster, more), environ=cluster.environ).explain(stored.TARGET).watch
    assert watched == ((path,) if named else ())


def test_what_is_not_there_is_said(desk: Desk, cluster: Cluster) -> None:
    assert isinstance(failure(desk.broker(rule(cluster), environ=cluster.environ)), IdentityRefused)
    cluster.secret("apps/charts", {"pass": "wonder"})
    error = failure(desk.broker(rule(cluster), environ=cluster.environ))
    assert error.message == "has nothing under 'password'"


@pytest.mark.parametrize("more", [', service_account = "apps/default"', ', path = "x"', ', fleet_secret = "x"'])
def test_it_is_a_secret_and_a_key_and_nothing_else(more: str, desk: Desk, cluster: Cluster) -> None:
    with pytest.raises(ConfigurationError):
        desk.broker(rule(cluster, more))
