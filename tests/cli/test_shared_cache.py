"""`ocibroker cache`, `explain` and `config check` where a fleet shares a store; nobody needs the store for that."""

import json

import pytest

from tests.cli.desk import Desk

KEY = "00" * 32
TABLE = '[cache]\nstore = "rediss://cache.test:6379"\nencryption_key = {{ env = "KEY" }}\n{more}'


def test_the_path_is_its_url_without_a_credential(desk: Desk) -> None:
    desk.configure(TABLE.format(more='username = "u"\npassword = { env = "NOT_SET" }\n'))
    outcome = desk.run("cache", "path", KEY=KEY)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, "rediss://cache.test:6379/0\n", "")


@pytest.mark.parametrize("command", ["list", "clear"])
def test_a_server_that_is_not_there_is_an_error(desk: Desk, command: str) -> None:
    desk.configure(TABLE.format(more="").replace("rediss://cache.test:6379", "redis://127.0.0.1:1"))
    outcome = desk.run("cache", command, KEY=KEY)
    assert (outcome.code, outcome.stdout) == (5, "")
    assert outcome.stderr == (
        "ocibroker: redis://127.0.0.1:1/0: Connection refused (check the name, the port and the network)\n"
    )


def test_the_configuration_is_checked_with_its_keys(desk: Desk) -> None:
    desk.configure(TABLE.format(more='previous_encryption_key = { env = "OLD" }\n'))
    assert desk.run("config", "check", KEY=KEY, OLD=KEY).code == 0
    wrong = desk.run("config", "check", KEY=KEY, OLD="hunter2")
    assert (wrong.code, wrong.stdout) == (2, "")
    assert "cache.previous_encryption_key: env OLD: is not 32 bytes in base64 or hex" in wrong.stderr
    assert "hunter2" not in wrong.stderr


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('provider = "anonymous"', "rediss://cache.test:6379/0 is not asked here"),
        ('provider = "basic"\noptions = { username = "u", password = { env = "P" } }', "empty"),
    ],
)
def test_explain_says_where_it_is_not_asked(desk: Desk, more: str, said: str) -> None:
    desk.configure(TABLE.format(more=f'[[registry]]\nmatch = "r.test"\n{more}\n'))
    told = desk.run("explain", "r.test/app", "--output", "json", KEY=KEY)
    assert (told.code, json.loads(told.stdout)["cache"]) == (0, said)
