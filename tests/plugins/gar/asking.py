"""Rules for the provider, environments for its brokers, and what these answer."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from ocibroker import Basic, Broker
from ocibroker.errors import OcibrokerError
from tests.google.accounts import written
from tests.google.emulator import Google
from tests.google.refusal import BODY
from tests.transport.brokers import Desk
from tests.vendors import asking

HOST = "europe-west1-docker.pkg.dev"
NEIGHBOUR = "gcr.io"
ALONE = MappingProxyType({"NO_GCE_CHECK": "true"})
"""An environment without any identity."""


def rule(match: str = HOST, **options: object) -> str:
    return asking.rule("gar", match, **options)


def named(desk: Desk, document: dict[str, Any], name: str = "named.json") -> dict[str, str]:
    """Return an environment that names a file with that document."""
    return {**ALONE, "GOOGLE_APPLICATION_CREDENTIALS": str(written(desk.folder / name, document))}


def logged_in(desk: Desk, document: dict[str, Any]) -> dict[str, str]:
    """Return an environment of somebody whose login gcloud keeps."""
    written(desk.folder / ".config" / "gcloud" / "application_default_credentials.json", document)
    return {**ALONE, "HOME": str(desk.folder)}


def whose(google: Google, broker: Broker, target: str = HOST, **asked: Any) -> str:  # noqa: ANN401
    """Return whose token the broker gets."""
    found = broker.access(f"{target}/acme/app", **asked).credential
    assert isinstance(found, Basic)
    assert found.username == "oauth2accesstoken"
    return google.accounts.issued[found.secret.reveal()]


def failure(broker: Broker, target: str = HOST, **asked: Any) -> OcibrokerError:  # noqa: ANN401
    with pytest.raises(OcibrokerError) as caught:
        broker.access(f"{target}/acme/app", **asked)
    assert BODY not in str(caught.value)
    return caught.value
