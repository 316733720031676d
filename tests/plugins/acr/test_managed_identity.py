"""Managed identities of a machine, by its metadata."""

from __future__ import annotations

import threading

import pytest

from ocibroker.errors import DeadlineExceeded
from tests.azure.emulator import Azure
from tests.azure.refusal import REQUEST_ID, Refusal
from tests.plugins.acr.asking import HOST, IMDS, failure, rule, whose, with_cli
from tests.transport.brokers import Desk
from tests.transport.raw_server import raw, silent
from tests.transport.repeats import times

pytestmark = pytest.mark.acceptance(34)


def test_its_own_identity(azure: Azure, desk: Desk) -> None:
    azure.metadata.system = "machine"
    assert whose(azure, desk.broker(environ={}, route=azure.route)) == "machine"
    assert azure.asked == [IMDS, IMDS, HOST]


@pytest.mark.parametrize("where", ["rule", "environment"])
def test_one_of_several_is_chosen_by_its_client_id(where: str, azure: Azure, desk: Desk) -> None:
    azure.metadata.assigned = {"first-id": "first", "second-id": "second"}
    text = rule(client_id="second-id") if where == "rule" else ""
    environ = {"AZURE_CLIENT_ID": "first-id" if where == "rule" else "second-id"}
    assert whose(azure, desk.broker(text, environ=environ, route=azure.route)) == "second"


def test_it_is_never_asked_through_a_proxy(azure: Azure, desk: Desk) -> None:
    azure.metadata.system = "machine"
    environ = {"HTTP_PROXY": "http://proxy.test:1"}
    assert whose(azure, desk.broker(environ=environ, route=azure.route)) == "machine"


def test_a_machine_without_one_is_nobody(azure: Azure, desk: Desk) -> None:
    assert "no Azure identity was found" in failure(desk.broker(environ={}, route=azure.route)).message


def test_one_that_was_named_and_is_not_there_is_an_error(azure: Azure, desk: Desk) -> None:
    azure.metadata.system = "machine"
    error = failure(desk.broker(rule(client_id="unknown"), environ={}, route=azure.route))
    assert "the instance's metadata service refused: invalid_request, status 400" in error.message
    assert "assign the identity to the machine" in error.hint


@pytest.mark.parametrize("status", [404, 410, 429, 500, 503])
def test_a_service_that_fails_is_no_missing_identity(status: int, azure: Azure, desk: Desk) -> None:
    azure.metadata.refusals += [Refusal("too_many", status=status)] * times(status)
    token = {"accessToken": "a-token"}
    error = failure(desk.broker(environ=with_cli(desk.folder, token), route=azure.route))
    assert f"refused: status {status}, request id {REQUEST_ID}" in error.message
    assert (error.hint, azure.asked) == ("try again later", [IMDS] * (1 + times(status)))


@pytest.mark.parametrize("status", [200, 301, 401, 403, 404, 405])
def test_another_clouds_service_at_the_same_address_is_nobodys(status: int, azure: Azure, desk: Desk) -> None:
    azure.metadata.foreign = status
    assert "no Azure identity was found" in failure(desk.broker(environ={}, route=azure.route)).message
    assert azure.asked == [IMDS]


def test_most_machines_have_no_such_service_and_go_on_at_once(azure: Azure, desk: Desk) -> None:
    token = azure.directory.issue("person", "https://containerregistry.azure.net")
    environ = with_cli(desk.folder, {"accessToken": token})
    with raw(silent) as server:

        def route(host: str, port: int) -> tuple[str, int]:
            return ("127.0.0.1", server.port) if host == IMDS else azure.route(host, port)

        assert whose(azure, desk.broker(environ=environ, route=route), deadline=20) == "person"


def test_who_had_no_time_to_look_says_so(desk: Desk) -> None:
    with raw(silent) as server:
        broker = desk.broker(environ={}, route=lambda *_: ("127.0.0.1", server.port))
        assert isinstance(failure(broker, deadline=0.3), DeadlineExceeded)
    for thread in threading.enumerate():
        if thread.name.startswith("ocibroker-"):
            thread.join(5)
