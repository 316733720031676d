"""No secret is ever shown by what is meant for people: tables, explanations, errors, logs."""

import pytest

from ocibroker.testing import Authority
from tests.cli.desk import Desk, Outcome

CANARY = "canary-Zq81"
PASSWORDS = {
    "a literal": f"'{CANARY}'",
    "a file": "{ file = 'password' }",
    "a variable": "{ env = 'PASSWORD' }",
    "a program": "{ exec = ['/bin/cat', '%s/password'] }",
    "a file of two lines": "{ file = 'two-lines' }",
    "a wrong key": f"{{ flie = '{CANARY}' }}",
}
COMMANDS = {
    "get": ("get", "r.test/app"),
    "explain": ("explain", "r.test/app"),
    "explain as JSON": ("explain", "r.test/app", "-o", "json"),
    "providers": ("providers",),
    "check": ("config", "check"),
    "schema": ("config", "schema"),
    "path": ("config", "path"),
}
CONFIG = f"""
[[registry]]
match = "r.test"
provider = "basic"
options = {{ username = "alice", password = PASSWORD }}
[[tls]]
match = "r.test"
proxy = "http://proxy:{CANARY}@proxy.test:3128"
client_cert = "cert.pem"
client_key = "key.pem"
client_key_password = "{CANARY}"
"""


@pytest.fixture
def home(desk: Desk) -> Desk:
    folder = desk.configure("").parent
    Authority().issue("me@r.test").write(folder)
    (folder / "password").write_text(CANARY)
    (folder / "two-lines").write_text(f"{CANARY}\n{CANARY}\n")
    return desk


def run(home: Desk, password: str, argv: tuple[str, ...]) -> Outcome:
    home.configure(CONFIG.replace("PASSWORD", PASSWORDS[password].replace("%s", str(home.config.parent))))
    return home.run("-vv", *argv, PASSWORD=CANARY, HTTPS_PROXY=f"http://env:{CANARY}@proxy.test")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("password", PASSWORDS)
def test_it_is_not_shown(home: Desk, password: str, command: str) -> None:
    assert CANARY not in run(home, password, COMMANDS[command]).everything


@pytest.mark.parametrize("password", ["a literal", "a file", "a variable", "a program"])
def test_the_secret_was_there_to_be_shown(home: Desk, password: str) -> None:
    """Else the test above would show nothing."""
    outcome = run(home, password, ("get", "r.test/app", "-o", "json"))
    assert f'"secret": "{CANARY}"' in outcome.stdout
    assert CANARY not in outcome.stderr
