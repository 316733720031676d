"""Rules for a vendor's provider, and what a broker answers by them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from ocibroker import Basic, Broker
from ocibroker.errors import ConfigurationError, OcibrokerError
from tests.transport.brokers import Desk
from tests.vendors.refusal import BODY

NOTHING: Mapping[str, str] = MappingProxyType({})


def rule(provider: str, host: str, **options: object) -> str:
    table = ", ".join(f"{name} = {_toml(value)}" for name, value in options.items())
    return f'[[registry]]\nmatch = "{host}"\nprovider = "{provider}"\noptions = {{ {table} }}\n'


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + " }"
    return json.dumps(value)


def pair(broker: Broker, host: str) -> tuple[str, str]:
    """Return the user name and the password that the broker answers."""
    found = broker.access(f"{host}/acme/app").credential
    assert isinstance(found, Basic)
    return found.username, found.secret.reveal()


def answered(desk: Desk, text: str, host: str, environ: Mapping[str, str] = NOTHING) -> tuple[str, str]:
    """Return the same of a broker that has ``text`` for its configuration."""
    return pair(desk.broker(text, environ=environ), host)


def failure(broker: Broker, host: str) -> OcibrokerError:
    """Return why there is no credential; what a service said is not in it."""
    with pytest.raises(OcibrokerError) as caught:
        broker.access(f"{host}/acme/app")
    assert BODY not in str(caught.value)
    return caught.value


def complaint(folder: Path, provider: str, **options: object) -> str:
    """Return what is wrong with a rule's options."""
    path = folder / "config.toml"
    path.touch(0o600)
    path.write_text(rule(provider, "registry.example.com", **options))
    with pytest.raises(ConfigurationError) as caught:
        Broker.from_config(path, environ={})
    assert caught.value.culprit.startswith(str(path))
    return caught.value.message
