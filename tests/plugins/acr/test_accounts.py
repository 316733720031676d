"""Two identities in one process, for one kind of host: never each other's answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from ocibroker.provider import Caller, Secret
from tests.azure.emulator import Azure
from tests.plugins.acr.asking import HOST, NEIGHBOUR, environment, failure, rule, user, whose, with_cli
from tests.plugins.acr.certificates import certificate
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock

pytestmark = pytest.mark.acceptance(34)


def test_by_application(azure: Azure, desk: Desk) -> None:
    text, environ = "", {}
    for name, path in (("alice", ""), ("bob", "/bobs")):
        application, environ[name] = azure.directory.with_secret(name)
        named = {"tenant_id": azure.directory.tenant, "client_id": application.client}
        text += rule(f"{HOST}{path}", **named, client_secret={"env": name})
    broker = desk.broker(text, environ=environ, route=azure.route)
    targets = (f"{HOST}/app", f"{HOST}/bobs/app") * 2
    found = [broker.access(target).credential for target in targets]
    assert [azure.registry.issued[one.secret.reveal()][0] for one in found] == ["alice", "bob"] * 2  # type: ignore[union-attr]  # a credential, or the test fails
    assert azure.asked.count(HOST) == 2


def test_by_environment_at_the_same_time(azure: Azure, desk: Desk) -> None:
    names = [f"user-{number}" for number in range(6)]
    brokers = [desk.broker(environ=user(azure, name), route=azure.route) for name in names]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(partial(whose, azure), brokers)) == names


def test_by_the_callers_token(azure: Azure, desk: Desk) -> None:
    broker = desk.broker(environ=user(azure, "node"), route=azure.route)
    provider, callers = azure.directory.provider("https://oidc.cluster.test"), {}
    for name in ("one", "two"):
        application = azure.directory.application(name, trusted={(provider.issuer, name)})
        annotations = {"azure.workload.identity/client-id": application.client}
        callers[name] = Caller(token=Secret(provider.token(name)), annotations=annotations)
    for _ in range(2):
        assert [whose(azure, broker, caller=caller) for caller in callers.values()] == ["one", "two"]
    stranger = Caller(token=Secret(provider.token("three")), annotations=callers["two"].annotations)
    assert "AADSTS700213" in failure(broker, caller=stranger).message
    assert whose(azure, broker) == "node"


def test_a_token_opens_one_registry_only(azure: Azure, desk: Desk) -> None:
    broker = desk.broker(environ=user(azure, "alice"), route=azure.route)
    assert [whose(azure, broker, host) for host in (HOST, NEIGHBOUR, HOST)] == ["alice"] * 3
    assert (azure.asked.count(HOST), azure.asked.count(NEIGHBOUR)) == (1, 1)


class TestChange:
    """A changed file is another identity at the next access, a second later."""

    def test_of_a_federated_token(self, azure: Azure, desk: Desk) -> None:
        provider, clock, file = azure.directory.provider("https://oidc.test"), HandClock(), desk.folder / "token"
        application = azure.directory.application("pod", trusted={(provider.issuer, "pod")})
        file.write_text(provider.token("pod"))
        environ = {**environment(azure.directory, application), "AZURE_FEDERATED_TOKEN_FILE": str(file)}
        broker = desk.broker(environ=environ, route=azure.route, clock=clock)
        assert whose(azure, broker) == "pod"
        file.write_text(provider.token("somebody-else"))
        assert whose(azure, broker) == "pod"
        clock.move(1)
        assert "AADSTS700213" in failure(broker).message

    def test_of_a_certificate(self, azure: Azure, desk: Desk) -> None:
        clock, file, first = HandClock(), desk.folder / "me.pem", certificate()
        application = azure.directory.application("me", certificates=[first.certificate])
        file.write_bytes(first.pem)
        environ = {**environment(azure.directory, application), "AZURE_CLIENT_CERTIFICATE_PATH": str(file)}
        broker = desk.broker(environ=environ, route=azure.route, clock=clock)
        assert whose(azure, broker) == "me"
        file.write_bytes(certificate().pem)
        clock.move(1)
        assert "AADSTS700027" in failure(broker).message

    def test_of_a_login_of_the_azure_cli(self, azure: Azure, desk: Desk) -> None:
        clock, audience = HandClock(), "https://containerregistry.azure.net"
        environ = with_cli(desk.folder, {"accessToken": azure.directory.issue("alice", audience)})
        broker = desk.broker(rule(order=["azure-cli"]), environ=environ, route=azure.route, clock=clock)
        assert whose(azure, broker) == "alice"
        with_cli(desk.folder, {"accessToken": azure.directory.issue("bob", audience)})
        (desk.folder / ".azure" / "azureProfile.json").write_text('{"subscriptions": [{"id": "another"}]}')
        clock.move(1)
        assert whose(azure, broker) == "bob"
