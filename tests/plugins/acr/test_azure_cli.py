"""The Azure CLI: whose login counts, how it is run, and what of its answer is believed."""

from __future__ import annotations

import json
import os

import pytest

from ocibroker.errors import ConfigurationError, DeadlineExceeded
from tests.azure.directory import ACR, ARM
from tests.azure.emulator import Azure
from tests.plugins.acr.asking import HOST, failure, rule, whose, with_cli
from tests.transport.brokers import Desk

pytestmark = [pytest.mark.acceptance(34), pytest.mark.skipif(os.name != "posix", reason="runs a shell script")]

ONLY = rule(order=["azure-cli"])


def token(azure: Azure, audience: str = ACR) -> dict[str, object]:
    """What ``az account get-access-token`` prints."""
    return {"accessToken": azure.directory.issue("person", audience), "expires_on": 1, "tokenType": "Bearer"}


def test_it_is_asked_for_whoever_has_logged_in(azure: Azure, desk: Desk) -> None:
    environ = with_cli(desk.folder, token(azure))
    assert whose(azure, desk.broker(environ=environ, route=azure.route)) == "person"
    ran = (desk.folder / "ran").read_text()
    assert ran == f"account get-access-token --output json --resource {ACR}\n"


def test_a_rule_names_the_tenant(azure: Azure, desk: Desk) -> None:
    environ, tenant = with_cli(desk.folder, token(azure)), azure.directory.tenant
    text = rule(order=["azure-cli"], tenant_id=tenant)
    assert whose(azure, desk.broker(text, environ=environ, route=azure.route)) == "person"
    assert (desk.folder / "ran").read_text().endswith(f" --tenant {tenant}\n")


def test_a_tenant_that_would_be_an_option_is_refused(azure: Azure, desk: Desk) -> None:
    text = rule(order=["azure-cli"], tenant_id="--debug")
    error = failure(desk.broker(text, environ=with_cli(desk.folder, token(azure)), route=azure.route))
    assert ("is no id" in error.message, (desk.folder / "ran").exists()) == (True, False)


def test_its_configuration_may_lie_elsewhere(azure: Azure, desk: Desk) -> None:
    environ = with_cli(desk.folder, token(azure))
    environ = {**environ, "HOME": "/nowhere", "AZURE_CONFIG_DIR": str(desk.folder / ".azure")}
    assert whose(azure, desk.broker(ONLY, environ=environ, route=azure.route)) == "person"


@pytest.mark.parametrize(
    "profile", [None, "", "garbage", "[]", "{}", '{"subscriptions": []}', '{"subscriptions": 1}']
)
def test_it_is_not_started_where_nobody_has_logged_in(profile: str | None, azure: Azure, desk: Desk) -> None:
    environ = with_cli(desk.folder, token(azure))
    file = desk.folder / ".azure" / "azureProfile.json"
    file.unlink() if profile is None else file.write_text(profile)
    error = failure(desk.broker(ONLY, environ=environ, route=azure.route))
    assert error.message == "no Azure identity was found; tried the Azure CLI"
    assert not (desk.folder / "ran").exists()


def test_without_the_program_there_is_nobody(azure: Azure, desk: Desk) -> None:
    environ = {**with_cli(desk.folder, token(azure)), "PATH": "/nowhere:bin:."}
    assert "no Azure identity was found" in failure(desk.broker(ONLY, environ=environ, route=azure.route)).message


def test_a_program_that_everybody_could_have_put_there_is_refused(azure: Azure, desk: Desk) -> None:
    environ = with_cli(desk.folder, token(azure))
    (desk.folder / "bin").chmod(0o777)
    error = failure(desk.broker(ONLY, environ=environ, route=azure.route))
    assert (isinstance(error, ConfigurationError), (desk.folder / "ran").exists()) == (True, False)


def test_its_failure_is_one_line_without_its_words(azure: Azure, desk: Desk) -> None:
    environ = with_cli(desk.folder, "c4n4ry", status=1)
    error = failure(desk.broker(ONLY, environ=environ, route=azure.route))
    assert "`az account get-access-token` ended with status 1; tried the Azure CLI" in error.message
    assert (f"--resource {ACR}" in error.hint, "c4n4ry" in str(error)) == (True, False)


@pytest.mark.parametrize("said", ["", "c4n4ry", "[]", "{}", '{"accessToken": 1}', '{"accessToken": ""}'])
def test_an_answer_without_a_token_is_an_error(said: str, azure: Azure, desk: Desk) -> None:
    error = failure(desk.broker(ONLY, environ=with_cli(desk.folder, said), route=azure.route))
    assert ("answered without a token" in error.message, "c4n4ry" in str(error)) == (True, False)


def test_one_that_hangs_is_ended(azure: Azure, desk: Desk) -> None:
    environ = with_cli(desk.folder, json.dumps(token(azure)))
    (desk.folder / "bin" / "az").write_text("#!/bin/sh\nsleep 60\n")
    error = failure(desk.broker(ONLY, environ=environ, route=azure.route), deadline=0.5)
    assert isinstance(error, DeadlineExceeded)


def test_another_audience_is_asked_for_by_a_rule(azure: Azure, desk: Desk) -> None:
    text = rule(order=["azure-cli"], audience="arm")
    broker = desk.broker(text, environ=with_cli(desk.folder, token(azure, ARM)), route=azure.route)
    assert whose(azure, broker) == "person"
    assert (desk.folder / "ran").read_text().endswith(f"--resource {ARM}\n")
    assert azure.asked == [HOST]
