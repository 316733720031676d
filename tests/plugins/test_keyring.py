"""The operating system's keyring, as a provider and as a source of secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import keyring
import pytest

from ocibroker import Basic, Broker
from ocibroker.errors import ConfigurationError, CredentialUnavailable
from ocibroker.testing import ProviderContract
from ocibroker_keyring import KeyringProvider
from tests.cli.drawer import WHERE, Drawer, Locked
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock

TARGET = "charts.example.com"
PASSWORD = "wonder-of-the-contract"
ENTRY = '{ keyring = { service = "charts", username = "alice" } }'
SOURCE = f'provider = "basic"\noptions = {{ username = "alice", password = {ENTRY} }}\n'
PROVIDER = 'provider = "keyring"\noptions = { service = "charts", username = "alice" }\n'
RULE = f'[[registry]]\nmatch = "{TARGET}"\n'


@pytest.fixture(autouse=True)
def drawer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Drawer]:
    """The keyring of this process, with one entry; it is chosen as any is."""
    monkeypatch.setenv(WHERE, str(tmp_path / "drawer.json"))
    usual, made = keyring.get_keyring(), Drawer()  # type: ignore[no-untyped-call]
    made.set_password("charts", "alice", PASSWORD)
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(usual)


class TestKeyring(ProviderContract):
    provider = KeyringProvider()
    options: Mapping[str, str] = MappingProxyType({"service": "charts", "username": "alice"})
    look_alikes = ("registry.example.com/team/app", "docker.io/library/alpine")
    secrets = (PASSWORD,)


def found(broker: Broker) -> tuple[str, str]:
    credential = broker.access(TARGET).credential
    assert isinstance(credential, Basic)
    return credential.username, credential.secret.reveal()


@pytest.mark.parametrize("way", [SOURCE, PROVIDER], ids=["source", "provider"])
def test_what_another_program_has_stored_is_read_anew_after_five_minutes(
    way: str, desk: Desk, clock: HandClock, drawer: Drawer
) -> None:
    broker = desk.broker(RULE + way, clock=clock)
    assert found(broker) == ("alice", PASSWORD)
    drawer.set_password("charts", "alice", "rotated")
    clock.move(299)
    assert found(broker) == ("alice", PASSWORD)
    clock.move(1)
    assert found(broker) == ("alice", "rotated")


@pytest.mark.parametrize("way", [SOURCE, PROVIDER], ids=["source", "provider"])
def test_an_entry_that_is_not_there_is_an_error_with_the_next_step(way: str, desk: Desk, drawer: Drawer) -> None:
    drawer.delete_password("charts", "alice")
    with pytest.raises(
        CredentialUnavailable, match=r"has no secret of alice at charts.*`keyring set charts alice`"
    ):
        desk.broker(RULE + way).access(TARGET)


def test_a_locked_keyring_is_said_and_nothing_of_it_is_shown(desk: Desk) -> None:
    keyring.set_keyring(Locked())  # type: ignore[no-untyped-call]
    with pytest.raises(CredentialUnavailable) as caught:
        desk.broker(RULE + SOURCE).access(TARGET)
    assert caught.value.culprit == "keyring alice at charts"
    assert caught.value.message == "keyring: cannot be read: KeyringLocked"


@pytest.mark.parametrize("entry", ['service = "", username = "a"', 'service = "s"', 'service = "s", user = "a"'])
def test_what_names_no_entry_is_refused_when_it_is_read(entry: str, desk: Desk) -> None:
    with pytest.raises(ConfigurationError):
        desk.broker(f'{RULE}provider = "keyring"\noptions = {{ {entry} }}\n')
