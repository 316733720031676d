"""User name and password out of one secret of Vault's."""

from __future__ import annotations

from ocibroker import Basic
from tests.transport.brokers import Desk
from tests.transport.hand_clock import HandClock
from tests.vault.emulator import Vault


def test_user_name_and_password_are_of_one_secret_and_read_anew_together(
    desk: Desk, vault: Vault, clock: HandClock
) -> None:
    vault.kv2["secret/charts"] = {"user": "alice", "pass": "wonder"}
    token = vault.token("secret/data/charts")
    keys = 'username_key = "user", password_key = "pass"'
    options = f'url = "{vault.url}", path = "charts", token = "{token}", {keys}'
    rule = f'[[registry]]\nmatch = "charts.example.com"\nprovider = "vault"\noptions = {{ {options} }}\n'
    broker = desk.broker(rule, clock=clock)

    def found() -> tuple[str, str]:
        credential = broker.access("charts.example.com").credential
        assert isinstance(credential, Basic)
        return credential.username, credential.secret.reveal()

    assert found() == ("alice", "wonder")
    vault.kv2["secret/charts"] = {"user": "robot", "pass": "rotated"}
    clock.move(299)
    assert found() == ("alice", "wonder")
    clock.move(1)
    assert found() == ("robot", "rotated")
    assert len(vault.asked) == 2
