"""In which order identities are looked for, and what is said where there is none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ocibroker.errors import CredentialUnavailable
from tests.azure.emulator import Azure
from tests.plugins.acr.asking import ENTRA, HOST, IMDS, environment, failure, rule, user, whose, with_cli
from tests.plugins.acr.federation import SUBJECT, federated
from tests.plugins.laptop import entry
from tests.transport.brokers import Desk

pytestmark = pytest.mark.acceptance(34)


def everything(azure: Azure, folder: Path) -> dict[str, str]:
    """An environment in which each source has somebody."""
    application, provider = federated(azure)
    (folder / "token").write_text(provider.token(SUBJECT))
    azure.metadata.assigned[application.client] = "machine"
    application.secrets.add("the-secret")
    more = {"AZURE_FEDERATED_TOKEN_FILE": str(folder / "token"), "AZURE_CLIENT_SECRET": "the-secret"}
    token = {"accessToken": azure.directory.issue("person", "https://containerregistry.azure.net")}
    return {**environment(azure.directory, application), **more, **with_cli(folder, token)}


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("environment", [ENTRA, ENTRA, HOST]),
        ("workload-identity", [ENTRA, HOST]),
        ("managed-identity", [IMDS, IMDS, HOST]),
        ("azure-cli", [HOST]),
    ],
)
def test_a_rule_says_where_to_look(source: str, asked: list[str], azure: Azure, desk: Desk) -> None:
    environ = everything(azure, desk.folder)
    whose(azure, desk.broker(rule(order=[source]), environ=environ, route=azure.route))
    assert azure.asked == asked


@pytest.mark.parametrize(
    ("gone", "asked"),
    [
        ((), [ENTRA, ENTRA, HOST]),
        (("AZURE_CLIENT_SECRET",), [ENTRA, HOST]),
        (("AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE"), [IMDS, IMDS, HOST]),
        (("AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_ID"), [IMDS, IMDS, HOST]),
    ],
)
def test_the_first_that_there_is_wins(gone: tuple[str, ...], asked: list[str], azure: Azure, desk: Desk) -> None:
    environ = {name: value for name, value in everything(azure, desk.folder).items() if name not in gone}
    name = whose(azure, desk.broker(environ=environ, route=azure.route))
    assert (name == "person", azure.asked) == ("AZURE_CLIENT_ID" in gone, asked)


def test_who_is_found_and_fails_is_not_replaced(azure: Azure, desk: Desk) -> None:
    environ = {**everything(azure, desk.folder), "AZURE_CLIENT_SECRET": "wrong"}
    error = failure(desk.broker(environ=environ, route=azure.route))
    assert "AADSTS7000215" in error.message
    assert error.message.endswith("; tried AZURE_CLIENT_SECRET of the environment")
    assert azure.asked == [ENTRA, ENTRA]


def test_a_secret_of_another_application_than_the_rules_is_left_alone(azure: Azure, desk: Desk) -> None:
    azure.metadata.assigned["wanted"] = "machine"
    broker = desk.broker(rule(client_id="wanted"), environ=user(azure, "alice"), route=azure.route)
    assert whose(azure, broker) == "machine"


def test_without_anybody_the_error_says_what_was_tried(azure: Azure, desk: Desk) -> None:
    error = failure(desk.broker(environ={"HOME": str(desk.folder)}, route=azure.route))
    assert error.message == "no Azure identity was found; tried the managed identity, the Azure CLI"
    assert ("az login" in error.hint, isinstance(error, CredentialUnavailable)) == (True, True)


def test_an_empty_order_is_an_error(azure: Azure, desk: Desk) -> None:
    error = failure(desk.broker(rule(order=[]), environ=user(azure, "alice"), route=azure.route))
    assert (error.culprit, azure.asked) == ("order", [])


def test_azure_identity_is_named_where_it_is_missing() -> None:
    code = (
        "import sys\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in {'azure', 'msal'}: raise ImportError(name)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "from ocibroker import Broker, OcibrokerError\n"
        "try: Broker.from_config(environ={}).access(sys.argv[1])\n"
        "except OcibrokerError as error: print(error)\n"
    )
    argv = [sys.executable, "-c", code, HOST]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    expected = "provider acr: azure-identity is not installed (pip install 'ocibroker[acr]')\n"
    assert (done.stdout, done.stderr) == (expected, "")


def test_who_has_named_an_identity_is_served_by_no_login_of_another_tool(azure: Azure, desk: Desk) -> None:
    config = desk.folder / "docker" / "config.json"
    config.parent.mkdir()
    config.write_text(json.dumps({"auths": {HOST: entry("somebody")}}))
    environ = {"DOCKER_CONFIG": str(config.parent)}
    azure.metadata.foreign = 404  # no machine of Azure's
    found = desk.broker(environ=environ, route=azure.route).access(f"{HOST}/app")
    assert found.provider == "docker-config"
    named = {**environ, "AZURE_CLIENT_ID": "an-id", "AZURE_TENANT_ID": "a-tenant"}
    error = failure(desk.broker(environ=named, route=azure.route))
    assert "although AZURE_CLIENT_ID names one" in error.message
    assert "AZURE_CLIENT_SECRET" in error.hint
