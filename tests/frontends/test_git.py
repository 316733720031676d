"""Git's credential helper, byte for byte, and with arbitrary bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ocibroker import Broker
from ocibroker.frontends.answer import Answer
from ocibroker.frontends.executable import run as run_executable
from ocibroker.frontends.git import GIT
from ocibroker.provider import Basic, Secret
from tests.frontends.neighbours import CONFIGURATION, LIFE, OWNERS
from tests.transport.brokers import Desk, made_rule
from tests.transport.hand_clock import HandClock
from tests.transport.made_provider import giving

BOTH = "capability[]=authtype\ncapability[]=state\n"


def ask(broker: Broker, stdin: str, verb: str = "get") -> Answer:
    return GIT.answer(verb, stdin.encode(), broker)


def wanted(host: str, *more: str) -> str:
    return "".join(f"{line}\n" for line in ("protocol=https", f"host={host}", *more))


HITS = {
    wanted("charts.example.com"): ("alice", "s3cret/é"),
    wanted("charts.example.com").removesuffix("\n"): ("alice", "s3cret/é"),
    wanted("charts.example.com") + "\nhost=other.example.com\n": ("alice", "s3cret/é"),
    wanted("charts.example.com:443"): ("alice", "s3cret/é"),
    wanted("CHARTS.example.com"): ("alice", "s3cret/é"),
    wanted("charts.example.com", "username=alice"): ("alice", "s3cret/é"),
    wanted("charts.example.com", "path=team-bb/app.git"): ("alice", "s3cret/é"),
    wanted("charts.example.com", "path=team-b/app.git"): ("bob", "team b's"),
    wanted("charts.example.com", "path=team-b/app.git", 'wwwauth[]=Basic realm="x"'): ("bob", "team b's"),
    wanted("a.glob.example.com", "unknown=key", "list[]=a", "list[]="): ("glob", "glob-pw"),
}


@pytest.mark.parametrize("stdin", HITS)
def test_a_user_name_and_a_password(stdin: str, broker: Broker) -> None:
    username, password = HITS[stdin]
    assert ask(broker, stdin) == Answer(f"username={username}\npassword={password}\n".encode())


def expiry(still: HandClock) -> str:
    return f"password_expiry_utc={int((still.now() + LIFE).timestamp())}\n"


def test_what_expires_says_when(broker: Broker, still: HandClock) -> None:
    answer = ask(broker, wanted("basic.token.example"))
    assert answer.stdout.decode() == f"username=robot\npassword=token-value\n{expiry(still)}"


def test_a_git_that_understands_it_gets_a_bearer_token_as_such(broker: Broker, still: HandClock) -> None:
    answer = ask(broker, "capability[]=authtype\n" + wanted("bearer.token.example"))
    head = "capability[]=authtype\nauthtype=Bearer\ncredential=token-value\nephemeral=1\n"
    assert (answer.stdout.decode(), answer.status) == (f"{head}{expiry(still)}", 0)


def test_a_state_names_the_credential_and_does_not_tell_it(broker: Broker, still: HandClock) -> None:
    answer = ask(broker, BOTH + wanted("basic.token.example")).stdout.decode()
    head, _, state = answer.rpartition("state[]=ocibroker:")
    assert head == f"{BOTH}username=robot\npassword=token-value\n{expiry(still)}"
    assert (len(state), "token-value" in state) == (33, False)


@pytest.mark.parametrize("reset", ["capability[]=\n", "capability[]=other\n", ""])
def test_only_what_git_understands_is_written(reset: str, broker: Broker, still: HandClock) -> None:
    first = BOTH if reset == "capability[]=\n" else ""
    answer = ask(broker, first + reset + wanted("basic.token.example"))
    assert answer.stdout.decode() == f"username=robot\npassword=token-value\n{expiry(still)}"


MISSES = {
    wanted("unknown.example.com"): "",
    "protocol=ssh\nhost=charts.example.com\n": "",
    "protocol=cert\npath=/etc/key.pem\n": "",
    "protocol=http\nhost=charts.example.com\n": "no credential leaves over plain HTTP",
    wanted("public.example.com"): "https://public.example.com: a rule says so",
    wanted("charts.example.com", "username=mallory"): "the credential is another user's than 'mallory'",
}


@pytest.mark.parametrize("stdin", MISSES)
def test_a_miss_is_silence(stdin: str, broker: Broker) -> None:
    answer = ask(broker, stdin)
    assert (answer.stdout, answer.status) == (b"", 0)
    assert MISSES[stdin].rpartition("https://public.example.com: ")[2] in answer.diagnostics
    assert bool(answer.diagnostics) == bool(MISSES[stdin])


FAILURES = {
    "nothing": ("", "standard input: names no protocol"),
    "no host": ("protocol=https\n", "standard input: names no host"),
    "an empty host": (wanted(""), "standard input: names no host"),
    "a path as host": (wanted("charts.example.com/team-b"), "standard input: names no host"),
    "a query as host": (wanted("evil.test?charts.example.com"), "standard input: names no host"),
    "user in the host": (wanted("u@charts.example.com"), "carries a user name or password"),
    "no pair": ("protocol=https\nhost\n", "standard input: holds a line that is not key=value"),
    "no key": ("=https\n", "standard input: holds a line that is not key=value"),
    "CR": ("protocol=https\r\nhost=charts.example.com\r\n", "standard input: holds a control character"),
    "NUL": (wanted("charts.example.com\0"), "standard input: holds a control character"),
    "escape in the path": (wanted("charts.example.com", "path=%2e%2e/x"), "cannot be compared safely"),
    "harmless escape in the path": (wanted("charts.example.com", "path=%2B"), "cannot be compared safely"),
    "too long": (wanted("charts.example.com", f"path={'a' * 65536}"), "standard input: is longer than 65536 bytes"),
    "provider failed": (wanted("failing.token.example"), "provider tokens: the cloud said no (log in)"),
    "bearer token": (wanted("bearer.token.example"), "a bearer token needs a git that knows authtype"),
    "identity token": (wanted("identity.token.example"), "git's protocol cannot carry an identity token"),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
def test_a_failure_is_told_on_standard_error_only(failure: tuple[str, str], broker: Broker) -> None:
    stdin, told = failure
    answer = ask(broker, stdin)
    assert (answer.stdout, answer.status) == (b"", 1)
    assert told in answer.diagnostics


@pytest.mark.parametrize("verb", ["store", "approve", "list", "whatever"])
def test_storing_and_what_is_not_known_is_passed_over(verb: str, broker: Broker) -> None:
    told = wanted("charts.example.com", "username=mallory", "password=typed-in")
    assert ask(broker, told, verb) == Answer()
    assert ask(broker, wanted("charts.example.com")).stdout.startswith(b"username=alice\n")


def test_its_capabilities(broker: Broker) -> None:
    assert ask(broker, "", "capability") == Answer(b"version 0\ncapability authtype\ncapability state\n")


@dataclass(frozen=True)
class Refusal:
    """A credential that a server has refused, as git tells it."""

    lines: tuple[str, ...]
    renewed: bool


REFUSALS = {
    "ours by its password": Refusal(("username=alice", "password=first"), renewed=True),
    "another's": Refusal(("username=alice", "password=typed-in"), renewed=False),
    "nobody's": Refusal((), renewed=False),
    "plain HTTP": Refusal(("protocol=http", "password=first"), renewed=False),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS.keys())
def test_a_credential_of_ours_that_was_refused_is_not_given_again(refusal: Refusal, desk: Desk) -> None:
    broker = renewing(desk)
    assert b"password=first\n" in ask(broker, wanted("git.example.com")).stdout
    assert ask(broker, wanted("git.example.com", *refusal.lines), "erase") == Answer()
    password = b"second" if refusal.renewed else b"first"
    assert b"password=%b\n" % password in ask(broker, wanted("git.example.com")).stdout


def test_a_state_tells_a_refused_credential_from_the_one_that_has_replaced_it(desk: Desk) -> None:
    broker = renewing(desk)
    first = ask(broker, BOTH + wanted("git.example.com")).stdout.decode()
    refused = BOTH + wanted("git.example.com") + "state[]=another-helper:1\n" + first.splitlines()[-1]
    for _ in range(2):
        assert ask(broker, refused, "erase") == Answer()
        assert b"password=second\n" in ask(broker, wanted("git.example.com")).stdout


def renewing(desk: Desk) -> Broker:
    clock = HandClock()
    secrets = (Secret("first"), Secret("second"), Secret("third"))
    made = giving(*(Basic(username="alice", secret=one, expires_at=clock.now() + LIFE) for one in secrets))
    return desk.broker(made_rule("git.example.com"), offered=[made], clock=clock)


FIELDS = ("protocol", "host", "path", "username", "password", "wwwauth[]", "capability[]", "unknown")


@pytest.mark.parametrize("control", [*range(0x0A), *range(0x0B, 0x20), 0x7F])  # LF ends a line, by the protocol
@pytest.mark.parametrize("field", FIELDS)
def test_a_control_character_in_any_field_is_refused(control: int, field: str, broker: Broker) -> None:
    value = {"protocol": "https", "host": "charts.example.com"}.get(field, "value")
    lines = {"protocol": "https", "host": "charts.example.com"}
    for position in range(len(value) + 1):
        lines[field] = value[:position] + chr(control) + value[position:]
        stdin = "".join(f"{key}={text}\n" for key, text in lines.items())
        answer = ask(broker, stdin)
        assert (answer.stdout, answer.status) == (b"", 1)


HOSTS = ("charts.example.com", "docker.io", "basic.token.example")


@settings(max_examples=500)
@given(
    st.binary(max_size=80)
    | st.builds(
        lambda host, rest: b"protocol=https\nhost=" + host.encode() + rest, st.sampled_from(HOSTS), st.binary()
    )
)
@example(b"protocol=https\nhost=charts.example.com\rhost=evil.example.com\n")
@example(b"protocol=https\nhost=charts.example.com\nhost=evil.example.com\n")
@example(b"protocol=https\nhost=evil.example.com\npath=@charts.example.com\n")
@example(b"protocol=https\nhost=charts.example.com@evil.example.com\n")
def test_a_secret_leaves_only_for_the_host_that_is_named(broker: Broker, stdin: bytes) -> None:
    answer = GIT.answer("get", stdin, broker)
    if b"password=" not in answer.stdout:
        assert answer.stdout == b""
        return
    head = stdin.partition(b"\n\n")[0].split(b"\n")
    host = [line.removeprefix(b"host=") for line in head if line.startswith(b"host=")][-1].decode().lower()
    password = answer.stdout.split(b"\n")[1].removeprefix(b"password=").decode()
    assert password in OWNERS[host.removesuffix(":443").removesuffix(".")]


def test_the_executable_passes_over_a_verb_that_is_not_known_without_a_broker(tmp_path: Path) -> None:
    environ = {"OCIBROKER_CONFIG": str(tmp_path / "missing.toml")}
    assert run_executable(GIT, [GIT.executable, "whatever"], lambda: b"", environ) == Answer()
    assert run_executable(GIT, [GIT.executable], lambda: b"", environ).diagnostics.startswith(
        "Usage: git-credential-"
    )
    assert "cannot be read" in run_executable(GIT, [GIT.executable, "get"], lambda: b"", environ).diagnostics


def test_below_itself_it_is_silent(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.touch(mode=0o600)
    path.write_text(CONFIGURATION)
    environ = {"OCIBROKER_CONFIG": str(path), "OCIBROKER_NESTED": "1"}
    stdin = wanted("charts.example.com").encode()
    assert run_executable(GIT, [GIT.executable, "get"], lambda: stdin, environ) == Answer()
