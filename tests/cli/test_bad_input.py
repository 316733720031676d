"""Whatever is wrong becomes one line that names the culprit and the next step, and the right exit code."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from ocibroker.testing import Authority
from tests.cli.desk import Desk, Outcome

USAGE, UNAVAILABLE, CONNECTION = 2, 4, 5


@dataclass(frozen=True)
class Case:
    """``says`` are parts of the line: the culprit, the reason, the next step."""

    name: str
    given: str
    says: tuple[str, ...]
    code: int = USAGE


def rule(password: str, more: str = "") -> str:
    options = f"options = {{ username = 'alice', password = {password} }}"
    return f"[[registry]]\nmatch = 'r.test'\nprovider = 'basic'\n{options}\n{more}\n"


def tls(*lines: str) -> str:
    return "\n".join(("[[tls]]", "match = 'r.test'", *lines))


def told(outcome: Outcome) -> str:
    """Return the one line; nothing else was written."""
    assert outcome.stdout == ""
    assert outcome.stderr.startswith("ocibroker: ")
    assert outcome.stderr.count("\n") == 1
    assert outcome.stderr.rstrip("\n").isprintable()
    return outcome.stderr


CONFIGURATIONS = [
    Case(
        "an unknown key",
        "[[registry]]\nmatch = 'r.test'\nprovidor = 'basic'",
        ("config.toml:3", "registry[0].providor: unknown key", "did you mean provider?"),
    ),
    Case("an unknown table", "[[registri]]", ("registri: unknown key", "did you mean registry?")),
    Case(
        "an unknown option",
        rule("'x'").replace("username", "usrname"),
        ("config.toml:4", "registry[0].options.usrname: unknown key", "did you mean username?"),
    ),
    Case(
        "a key that is missing",
        "[[registry]]\nmatch = 'r.test'",
        ("config.toml:1", "registry[0]", "missing required field `provider`"),
    ),
    Case(
        "a wrong type",
        "[[registry]]\nmatch = 5\nprovider = 'basic'",
        ("config.toml:2", "registry[0].match", "Expected text, got whole number"),
    ),
    Case(
        "a wrong type of secret", rule("5"), ("config.toml:4", "registry[0].options.password", "write { file = … }")
    ),
    Case("not TOML", "[[registry]\n", ("config.toml: is not TOML", "at line 1, column 11")),
    Case(
        "a pattern with a scheme",
        "[[registry]]\nmatch = 'https://r.test'\nprovider = 'basic'",
        ("registry[0]", "match = 'https://r.test': carries a scheme", "write host[:port][/path]"),
    ),
    Case(
        "a pattern with a star in its path",
        "[[registry]]\nmatch = 'r.test/*'\nprovider = 'basic'",
        ("registry[0]", "match = 'r.test/*'", "a * is for the host only"),
    ),
    Case(
        "an unknown provider",
        "[[registry]]\nmatch = 'r.test'\nprovider = 'basik'",
        ("registry[0]", "basik: is not installed", "see `ocibroker providers`"),
    ),
    Case("two rules for the same", rule("'x'") * 2, ("registry[0]", "registry[1]", "remove one of them")),
    Case("a timeout that is none", rule("'x'", "timeout = -1"), ("registry[0]", "timeout", "from 0 to 3600")),
    Case(
        "a secret's file that is gone",
        rule("{ file = 'gone' }"),
        ("gone: cannot be read: No such file", "correct the path"),
        UNAVAILABLE,
    ),
    Case(
        "a secret's file that is a folder",
        rule("{ file = '.' }"),
        ("cannot be read: Is a directory", "correct the path"),
        UNAVAILABLE,
    ),
    Case("a variable that is not set", rule("{ env = 'GONE' }"), ("variable GONE: is not set",), UNAVAILABLE),
    Case(
        "a program that fails",
        rule("{ exec = ['/bin/false'] }"),
        ("/bin/false: ended with status 1", "run it by hand"),
        UNAVAILABLE,
    ),
    Case(
        "a program without its path",
        rule("{ exec = ['pass'] }"),
        ("names its program by no absolute path", "a search in PATH"),
    ),
    Case(
        "an authority that is gone",
        tls("ca = ['gone.pem']"),
        ("gone.pem: cannot be read", "r.test", "correct the path"),
    ),
    Case("an authority that is empty", tls("ca = ['empty.pem']"), ("empty.pem: is empty", "r.test")),
    Case("an authority that is a key", tls("ca = ['key.pem']"), ("key.pem", "PRIVATE KEY", "r.test")),
    Case(
        "an encrypted key",
        tls("client_cert = 'cert.pem'", "client_key = 'encrypted.pem'"),
        ("encrypted.pem: is encrypted", "r.test", "set client_key_password"),
    ),
    Case(
        "an encrypted key's wrong password",
        tls("client_cert = 'cert.pem'", "client_key = 'encrypted.pem'", "client_key_password = 'wrong'"),
        ("encrypted.pem: cannot be decrypted with client_key_password", "r.test"),
    ),
    Case(
        "a certificate without its key",
        tls("client_cert = 'cert.pem'"),
        ("tls[0]", "client_cert without client_key", "give both"),
    ),
    Case(
        "trust and none of it",
        tls("ca = ['ca.pem']", "insecure = true"),
        ("tls[0]", "r.test", "insecure and ca contradict each other", "remove one of them"),
    ),
    Case(
        "a proxy of another kind",
        tls("proxy = 'ftp://user:canary@proxy.test'"),
        ("tls[0]", "the proxy is neither", "write http://[user:password@]host:port"),
    ),
]

TARGETS = [
    Case("nothing", "", ("does not name its registry", "docker.io/…")),
    Case("a repository alone", "alpine", ("'alpine': does not name its registry", "write docker.io/…")),
    Case("a URL", "https://r.test/app", ("carries a scheme", "write registry/repository")),
    Case("a tag", "r.test/app:1.0", ("'r.test/app:1.0': names a tag or a digest", "leave out what follows")),
    Case("capitals", "r.test/App", ("'r.test/App'", "lower-case letters")),
    Case("a slash at the end", "r.test/", ("'r.test/': does not name a repository",)),
    Case("a port beyond all ports", "r.test:99999", ("'r.test:99999'", "not a number from 1 to 65535")),
    Case("a user and a password", "alice:canary@r.test/app", ("'…@r.test'", "put them into a [[registry]] rule")),
    Case("a name that is not ASCII", "r\u00e4.test", ("is not ASCII", "xn--")),
    Case("control characters", "r.test/a\x1b[31m\nb", (r"\x1b[31m\nb", "does not name a repository")),
]

COMMANDS = [
    Case("options alone", "-v", ("Missing command", "see `ocibroker --help`")),
    Case("a port for an address", "serve --admin 9465", ("9465: names no host", "write host:port")),
    Case("a port behind a colon", "serve --admin :9465", (":9465: names no host", "write host:port")),
    Case("-v too late", "get -v r.test", ("-v", "write it before the command: ocibroker -v get …")),
    Case("-vv too late", "config check -vv", ("write it before the command: ocibroker -v config check …",)),
    Case("--config too late", "get --config f r.test", ("before the command: ocibroker --config FILE get …",)),
    Case("a program's option", "run -t r.test helm version --short", ("--short", "put -- before the program")),
    Case(
        "-v too late for a program",
        "run -v -t r.test -- helm",
        ("write it before the command: ocibroker -v run …",),
    ),
    Case("an unknown command", "gett r.test", ("No such command 'gett'", "see `ocibroker --help`")),
    Case("no target", "get", ("Missing argument 'TARGET'",)),
    Case("two targets", "get r.test s.test", ("unexpected extra argument", "s.test")),
    Case("an unknown option", "get --frob r.test", ("No such option: --frob",)),
    Case("an unknown form", "get r.test -o xml", ("--output", "'xml' is not one of", "'header'")),
    Case("half a group", "config", ("Missing command",)),
    Case("a configuration that is gone", "--config /gone get r.test", ("/gone: cannot be read: No such file",)),
    Case("a configuration that is a folder", "--config / get r.test", ("/: cannot be read: Is a directory",)),
]


@pytest.fixture
def furnished(desk: Desk) -> Desk:
    folder = desk.configure("").parent
    authority = Authority()
    authority.write(folder)
    _, key = authority.issue("me@r.test").write(folder)
    encrypt(key, folder / "encrypted.pem")
    (folder / "empty.pem").touch()
    return desk


def encrypt(key: Path, to: Path) -> None:
    private = load_pem_private_key(key.read_bytes(), None)
    form = (Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"sesame"))
    to.write_bytes(private.private_bytes(*form))


@pytest.mark.parametrize("case", CONFIGURATIONS, ids=lambda case: case.name)
def test_a_configuration(furnished: Desk, case: Case) -> None:
    furnished.configure(case.given)
    outcome = furnished.run("get", "r.test/app")
    assert outcome.code == case.code
    assert all(part in told(outcome) for part in case.says), outcome.stderr
    assert "canary" not in outcome.stderr


@pytest.mark.parametrize("command", ["get", "explain"])
@pytest.mark.parametrize("case", TARGETS, ids=lambda case: case.name)
def test_a_target(desk: Desk, command: str, case: Case) -> None:
    outcome = desk.run(command, case.given)
    assert outcome.code == case.code
    assert all(part in told(outcome) for part in case.says), outcome.stderr
    assert "canary" not in outcome.stderr


@pytest.mark.parametrize("case", COMMANDS, ids=lambda case: case.name)
def test_a_command_line(desk: Desk, case: Case) -> None:
    outcome = desk.run(*case.given.split())
    assert outcome.code == case.code
    assert all(part in told(outcome) for part in case.says), outcome.stderr


def test_a_secret_that_does_not_come_in_time(desk: Desk) -> None:
    fifo = desk.home / "never-written"
    desk.configure(rule(f"{{ exec = ['/bin/sh', '-c', 'mkfifo {fifo}; cat {fifo}'] }}", "timeout = 0.1"))
    outcome = desk.run("get", "r.test")
    assert outcome.code == CONNECTION
    assert "/bin/sh" in told(outcome)


def test_a_plugin_that_is_enabled_and_not_installed_fails_the_check(desk: Desk) -> None:
    desk.configure("[plugins]\nenable = ['acme']\n")
    outcome = desk.run("config", "check")
    assert outcome.code == UNAVAILABLE
    assert "plugin acme: is not installed (see `ocibroker providers`)" in told(outcome)
