"""What is logged of a fetch: nothing."""

from __future__ import annotations

import logging

import pytest

from ocibroker.provider import Caller, Secret
from tests.azure.directory import ARM
from tests.azure.emulator import Azure
from tests.azure.refusal import BODY, Refusal
from tests.plugins.acr.asking import failure, rule, user, whose, with_cli
from tests.transport.brokers import Desk

pytestmark = pytest.mark.acceptance(34)


def test_nothing_of_it_is_logged(azure: Azure, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = {BODY}
    for name in ("alice", "bob"):
        environ = user(azure, name)
        secrets.add(environ["AZURE_CLIENT_SECRET"])
        assert whose(azure, desk.broker(environ=environ, route=azure.route)) == name
    azure.entra.refusals.append(Refusal("invalid_client", 7000215, 401))
    failure(desk.broker(environ=environ, route=azure.route))
    caller = Caller(
        token=Secret(azure.directory.provider("https://issuer.test").token("pod")),
        annotations={"azure.workload.identity/client-id": azure.directory.application("pod").client},
    )
    failure(desk.broker(environ=environ, route=azure.route), caller=caller)
    cli = with_cli(desk.folder, {"accessToken": azure.directory.issue("person", ARM)})
    whose(azure, desk.broker(rule(order=["azure-cli"]), environ=cli, route=azure.route))
    assert caller.token is not None
    secrets |= {caller.token.reveal(), *azure.directory.issued, *azure.registry.issued}
    assert [one for one in secrets if one in caplog.text] == []
    assert [name for name in ("azure", "msal") if f"{name}." in caplog.text] == []


def test_what_others_do_with_azure_identity_is_logged_as_ever(
    azure: Azure, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    whose(azure, desk.broker(environ=user(azure, "alice"), route=azure.route))
    logging.getLogger("azure.identity").warning("somebody else's")
    assert "somebody else's" in caplog.text
