"""Asking a broker for a registry of Azure's, and whose token it got."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ocibroker import Basic, Broker
from ocibroker.errors import OcibrokerError
from tests.azure.directory import Application, Directory
from tests.azure.emulator import CLOUDS, Azure
from tests.azure.refusal import BODY
from tests.azure.registry_tokens import USER
from tests.vendors import asking

HOST = "myregistry.azurecr.io"
NEIGHBOUR = "otherregistry.azurecr.io"
OWN = "registry.corp.test"
ENTRA = "login.microsoftonline.com"
IMDS = "169.254.169.254"


def environment(directory: Directory, application: Application, secret: str = "") -> dict[str, str]:
    """The variables of an application, with its secret if that is given."""
    named = {"AZURE_TENANT_ID": directory.tenant, "AZURE_CLIENT_ID": application.client}
    return {**named, **({"AZURE_CLIENT_SECRET": secret} if secret else {})}


def user(azure: Azure, name: str) -> dict[str, str]:
    """Register an application of the public cloud, and return the environment in which it is found."""
    return environment(azure.directory, *azure.directory.with_secret(name))


def rule(match: str = HOST, provider: str = "acr", **options: object) -> str:
    return asking.rule(provider, match, **options)


def whose(azure: Azure, broker: Broker, target: str = HOST, **asked: Any) -> str:  # noqa: ANN401
    """Return whose token the broker gets: one for that registry, of the user that says what it is."""
    found = broker.access(f"{target}/app", **asked).credential
    assert isinstance(found, Basic)
    assert found.username == USER
    name, registry = azure.tokens[CLOUDS[target.rpartition(".")[2]]].issued[found.secret.reveal()]
    assert registry == target
    return name


def failure(broker: Broker, target: str = HOST, **asked: Any) -> OcibrokerError:  # noqa: ANN401
    with pytest.raises(OcibrokerError) as caught:
        broker.access(f"{target}/app", **asked)
    assert BODY not in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


def with_cli(folder: Path, said: object, *, status: int = 0) -> dict[str, str]:
    """Install an ``az`` that somebody has logged in with; it writes down how it was run, and says ``said``."""
    bin_folder, config = folder / "bin", folder / ".azure"
    bin_folder.mkdir(exist_ok=True)
    config.mkdir(exist_ok=True)
    (config / "azureProfile.json").write_text(json.dumps({"subscriptions": [{"id": "1"}]}), encoding="utf-8-sig")
    (folder / "said").write_text(said if isinstance(said, str) else json.dumps(said))
    program = bin_folder / "az"
    lines = (f'echo "$@" >> {folder}/ran', f"cat {folder}/said", "echo c4n4ry >&2", f"exit {status}")
    program.write_text("#!/bin/sh\n" + "\n".join(lines) + "\n")
    program.chmod(0o755)
    return {"HOME": str(folder), "PATH": f"{bin_folder}{os.pathsep}{os.defpath}"}
