"""A secret that changes is in force at the next access one second later."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ocibroker.errors import TLSFailed
from ocibroker.testing import Authority
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.mounts import USER, mounted, rule, swapped
from tests.kubernetes.private import registry
from tests.transport.brokers import MODES, Desk, Mode, exchange
from tests.transport.hand_clock import HandClock


@pytest.mark.acceptance(18, 33)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("write", [mounted, swapped], ids=["written", "swapped"])
def test_another_authority_and_password_are_in_force_one_second_later(
    write: Callable[..., Path], mode: Mode, desk: Desk, clock: HandClock, tmp_path: Path, private: Authority
) -> None:
    other, folder = Authority(), tmp_path / "helm"
    with registry(private) as running:
        write(folder, {"username": "alice", "password": "old", "cacerts": other.pem})
        broker = desk.broker(rule(running.address, f'fleet_secret = "{folder}"'), clock=clock)
        target = f"{running.address}/charts/app"
        access = broker.access(target)
        with pytest.raises(TLSFailed):
            exchange(access, mode, "GET", "/v2/")
        write(folder, {**USER, "cacerts": private.pem})
        clock.move(1)
        assert exchange(broker.access(target), mode, "GET", "/v2/").status_code == 200
        assert exchange(access, mode, "GET", "/v2/").status_code == 200


def test_what_is_not_insecure_any_more_is_verified_also_by_who_holds_an_access(
    desk: Desk, clock: HandClock, tmp_path: Path, private: Authority
) -> None:
    with registry(private) as running:
        folder = mounted(tmp_path / "helm", {**USER, "insecureSkipVerify": "true"})
        broker = desk.broker(rule(running.address, f'fleet_secret = "{folder}"'), clock=clock)
        access = broker.access(f"{running.address}/charts/app")
        with access.client() as http:
            assert http.get("/v2/").status_code == 200
            (folder / "insecureSkipVerify").write_text("false\n")
            clock.move(1)
            with pytest.raises(TLSFailed):
                http.get("/v2/")


@pytest.mark.parametrize("mode", MODES)
def test_a_secret_of_the_api_server_is_read_again(
    mode: Mode, desk: Desk, clock: HandClock, tmp_path: Path, private: Authority, cluster: Cluster
) -> None:
    with registry(private) as running:
        cluster.secret("fleet-local/helm", {"username": "alice", "password": "old"})
        options = f'secret = "fleet-local/helm", credentials = "{tmp_path / "serviceaccount"}"'
        broker = desk.broker(rule(running.address, options), environ=cluster.environ, clock=clock)
        with pytest.raises(TLSFailed):
            exchange(broker.access(running.address), mode, "GET", "/v2/")
        cluster.secret("fleet-local/helm", {**USER, "cacerts": private.pem})
        clock.move(61)
        assert exchange(broker.access(running.address), mode, "GET", "/v2/").status_code == 200
