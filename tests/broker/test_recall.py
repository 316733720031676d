"""The same question gets the same access, as long as all that it was made of is as it was."""

from __future__ import annotations

import pytest

from ocibroker import Access, Basic
from ocibroker.errors import UsageError
from ocibroker.testing import Authority
from tests.transport.brokers import Desk, rule
from tests.transport.hand_clock import HandClock


def revealed(access: Access) -> str:
    assert isinstance(access.credential, Basic)
    return access.credential.secret.reveal()


def test_what_has_not_changed_is_the_very_same(desk: Desk) -> None:
    broker = desk.broker(rule("registry.test"))
    assert broker.access("registry.test/app") is broker.access("registry.test/app")
    assert broker.access("registry.test/app") is not broker.access("registry.test/app", min_ttl=61)


def test_a_changed_secret_file_makes_another(desk: Desk, clock: HandClock) -> None:
    secret = desk.folder / "password"
    secret.write_text("one")
    options = f"username = 'alice', password = {{ file = '{secret}' }}"
    text = f"[[registry]]\nmatch = 'registry.test'\nprovider = 'basic'\noptions = {{ {options} }}\n"
    broker = desk.broker(text, clock=clock)
    first = broker.access("registry.test/app")
    secret.write_text("another")
    clock.move(1)
    second = broker.access("registry.test/app")
    assert (revealed(first), revealed(second)) == ("one", "another")


def test_a_changed_authority_makes_another(desk: Desk, clock: HandClock) -> None:
    file = Authority().write(desk.folder / "first")
    broker = desk.broker(f"[[tls]]\nmatch = 'registry.test'\nca = ['{file}']\n", clock=clock)
    first = broker.access("registry.test/app")
    file.write_bytes(Authority().write(desk.folder / "second").read_bytes())
    clock.move(1)
    assert broker.access("registry.test/app") is not first


def test_the_environment_is_read_once(desk: Desk) -> None:
    environ = {"PASSWORD": "one"}
    options = "username = 'alice', password = { env = 'PASSWORD' }"
    text = f"[[registry]]\nmatch = 'registry.test'\nprovider = 'basic'\noptions = {{ {options} }}\n"
    broker = desk.broker(text, environ=environ)
    environ["PASSWORD"] = "two"
    assert revealed(broker.access("registry.test/app")) == "one"


def test_a_closed_broker_gives_nothing_again(desk: Desk) -> None:
    broker = desk.broker(rule("registry.test"))
    broker.access("registry.test/app")
    broker.close()
    with pytest.raises(UsageError, match="closed"):
        broker.access("registry.test/app")
