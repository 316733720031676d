"""A password that is one key of a Secret at the API server."""

from __future__ import annotations

import pytest

from ocibroker import Basic, Broker
from ocibroker.errors import ConfigurationError, IdentityRefused, OcibrokerError
from tests.kubernetes.cluster import TOKEN, Cluster
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock

TARGET = "charts.example.com"
PATH = "/api/v1/namespaces/apps/secrets/charts"


def rule(cluster: Cluster, more: str = "") -> str:
    account = cluster.folder / "serviceaccount"
    table = f'{{ kubernetes = {{ secret = "apps/charts", credentials = "{account}"{more} }} }}'
    options = f'{{ username = "alice", password = {table} }}'
    return f'[[registry]]\nmatch = "{TARGET}"\nprovider = "basic"\noptions = {options}\n'


def password(broker: Broker) -> str:
    found = broker.access(TARGET).credential
    assert isinstance(found, Basic)
    return found.secret.reveal()


def failure(broker: Broker) -> OcibrokerError:
    with pytest.raises(OcibrokerError) as caught:
        broker.access(TARGET)
    assert caught.value.culprit.startswith("kubernetes secret apps/charts")
    return caught.value


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


def test_what_is_not_there_is_said(desk: Desk, cluster: Cluster) -> None:
    assert isinstance(failure(desk.broker(rule(cluster), environ=cluster.environ)), IdentityRefused)
    cluster.secret("apps/charts", {"pass": "wonder"})
    error = failure(desk.broker(rule(cluster), environ=cluster.environ))
    assert error.message == "has nothing under 'password'"


@pytest.mark.parametrize("more", [', service_account = "apps/default"', ', path = "x"', ', fleet_secret = "x"'])
def test_it_is_a_secret_and_a_key_and_nothing_else(more: str, desk: Desk, cluster: Cluster) -> None:
    with pytest.raises(ConfigurationError):
        desk.broker(rule(cluster, more))
