"""What of the logs reaches the terminal, and what never does."""

import io
import logging

import pytest

from ocibroker.cli import logs
from tests.cli.desk import Desk

MINE = logging.getLogger("ocibroker.anything")


def lines(stream: io.StringIO) -> list[str]:
    return [line.rpartition(" ")[2] for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("verbosity", "shown"),
    [
        (0, ["warning"]),
        (1, ["info", "warning"]),
        (2, ["debug", "info", "warning"]),
        (9, ["debug", "info", "warning"]),
    ],
)
def test_our_own(verbosity: int, shown: list[str]) -> None:
    stream = io.StringIO()
    with logs.shown(stream):
        logs.raise_to(verbosity)
        MINE.debug("debug")
        MINE.info("info")
        MINE.warning("warning")
    assert lines(stream) == shown


@pytest.mark.parametrize(
    "name", ["httpx", "httpcore.http11", "botocore.auth", "urllib3", "azure.core", "google", "msal"]
)
def test_those_that_print_tokens_are_held(name: str) -> None:
    with logs.shown(io.StringIO()):
        logs.raise_to(2)
        assert logging.getLogger(name).getEffectiveLevel() == logging.WARNING


@pytest.mark.parametrize(
    ("flags", "seen"),
    [((), []), (("-v",), ["provider basic answered"]), (("-vv",), ["provider basic answered", "refreshed"])],
    ids=["none", "-v", "-vv"],
)
def test_a_command_shows_what_is_done(desk: Desk, flags: tuple[str, ...], seen: list[str]) -> None:
    desk.configure(
        '[[registry]]\nmatch = "registry.test"\nprovider = "basic"\n'
        'options = { username = "alice", password = { env = "PASSWORD" } }\n'
    )
    outcome = desk.run(*flags, "get", "registry.test/app", PASSWORD="c4n4ry")
    shown = [what for what in ("provider basic answered", "refreshed") if what in outcome.stderr]
    assert (outcome.code, shown, "c4n4ry" in outcome.everything) == (0, seen, False)


def test_a_record_stays_on_its_line() -> None:
    stream = io.StringIO()
    with logs.shown(stream):
        MINE.warning("a\nforged\x1b[31m line")
    assert stream.getvalue() == "ocibroker: WARNING ocibroker.anything: a\\nforged\\x1b[31m line\n"


def test_of_an_exception_only_the_frames_are_shown() -> None:
    stream, text = io.StringIO(), "canary"
    with logs.shown(stream):
        try:
            int(text)
        except ValueError:
            MINE.warning("failed", exc_info=True)
    assert "test_logs.py" in stream.getvalue()
    assert stream.getvalue().endswith("ValueError\n")
    assert "canary" not in stream.getvalue()


def test_afterwards_everything_is_as_before() -> None:
    before = [
        (logging.getLogger(name).level, logging.getLogger(name).handlers[:]) for name in (logs.OURS, *logs.HELD)
    ]
    with logs.shown(io.StringIO()):
        logs.raise_to(2)
    after = [
        (logging.getLogger(name).level, logging.getLogger(name).handlers[:]) for name in (logs.OURS, *logs.HELD)
    ]
    assert after == before
