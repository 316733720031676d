"""A password that lies in a store: a rule for it, and what a broker answers by that."""

from __future__ import annotations

import pytest

from ocibroker import Basic, Broker
from ocibroker.errors import OcibrokerError

TARGET = "charts.example.com"


def rule(store: str, place: str) -> str:
    """Return a rule whose password lies in ``store`` at ``place``, the inside of a table."""
    options = f'{{ username = "alice", password = {{ {store} = {{ {place} }} }} }}'
    return f'[[registry]]\nmatch = "{TARGET}"\nprovider = "basic"\noptions = {options}\n'


def password(broker: Broker) -> str:
    found = broker.access(TARGET).credential
    assert isinstance(found, Basic)
    return found.secret.reveal()


def failure(broker: Broker, place: str, kind: type[OcibrokerError] = OcibrokerError) -> OcibrokerError:
    """Return why there is no password; the error begins with where it lies."""
    with pytest.raises(kind) as caught:
        broker.access(TARGET)
    assert caught.value.culprit.startswith(place)
    return caught.value
