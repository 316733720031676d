"""The log of a process that serves: one line an event, and nobody waits for who reads it."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from ocibroker import Target
from ocibroker.cli import logs
from ocibroker.cli.log_sink import LogSink
from ocibroker.cli.repeats import WINDOW, Repeats
from ocibroker.cli.service_logs import LogFormat, ServiceLog, service_log
from ocibroker.errors import ConfigurationError, CredentialUnavailable, NoIdentity
from ocibroker.events import (
    Administered,
    Answered,
    AuditFailing,
    AuditRecovered,
    BreakerClosed,
    BreakerOpened,
    Event,
    Failing,
    Fetched,
    PeerDenied,
    Recovered,
    Reloaded,
    Report,
    Requested,
    Served,
)
from tests.docs.manual import ROOT, rows, section
from tests.transport.hand_clock import HandClock

MINE = logging.getLogger("ocibroker.anything")
TARGET = Target.parse("registry.test/app")
EVENTS: dict[type[Event], Event] = {
    type(event): event
    for event in (
        Answered(target=TARGET, provider="ecr", outcome="error", seconds_left=5.0, error="TLSFailed"),
        Fetched(
            target=TARGET,
            provider="ecr",
            trigger="miss",
            seconds=0.25,
            anonymous=True,
            expires_at=datetime(2030, 1, 1, tzinfo=UTC),
            error="TLSFailed",
            request_id="a1-b2",
        ),
        Requested(
            provider="ecr",
            host="sts.test",
            seconds=0.25,
            status=503,
            error="TLSFailed",
            request_id="a1-b2",
            skew=-2.5,
        ),
        Failing(
            target=TARGET,
            provider="ecr",
            failures=1,
            pause=5.0,
            valid=True,
            reason=CredentialUnavailable("no", request_id="a1-b2"),
        ),
        Recovered(target=TARGET, provider="ecr", failures=3),
        BreakerOpened(source="provider ecr", late=5, pause=1.0),
        BreakerClosed(source="provider ecr"),
        Reloaded(generation=2, reason=ConfigurationError("wrong")),
        PeerDenied(reason="uid", peer="uid 7 (pid 77)", listener="socket"),
        AuditFailing(sink="file", reason="No space left on device"),
        AuditRecovered(sink="file", lost=3),
        Served(listener="socket", status=200, seconds=0.001),
        Administered(action="evict", peer="127.0.0.1", target="registry.test/app", error="UsageError"),
    )
}


class Reader:
    """The other end of a log's pipe."""

    def __init__(self) -> None:
        self.end, self.out = os.pipe()

    def text(self) -> str:
        os.close(self.out)
        with open(self.end, encoding="utf-8", closefd=False) as file:
            return file.read()

    def close(self) -> None:
        for end in (self.end, self.out):
            try:
                os.close(end)
            except OSError:
                continue


@pytest.fixture
def reader() -> Iterator[Reader]:
    made = Reader()
    yield made
    made.close()


def lines(reader: Reader) -> list[dict[str, object]]:
    return [json.loads(line) for line in reader.text().splitlines()]


def test_every_event_and_each_of_its_fields_is_documented_and_no_other(reader: Reader) -> None:
    with logs.shown(io.StringIO()), service_log(reader.out, LogFormat.JSON):
        logging.getLogger(logs.OURS).setLevel(logging.DEBUG)
        for event in EVENTS.values():
            Report()(event)
    told = {str(line["event"]): [*line] for line in lines(reader)}
    common = ["ts", "level", "event", "logger", "message"]
    assert all(line[: len(common)] == common for line in told.values())
    documented = {
        name: re.findall(r"`(\w+)`", cells[1])
        for name, cells in rows(section(ROOT / "docs" / "sidecar.md", "## Logs")).items()
    }
    del documented["log"]
    assert documented == {name: line[len(common) :] for name, line in told.items()}
    assert {event.name for event in EVENTS.values()} == {*told}


def test_every_kind_of_event_is_among_them() -> None:
    from ocibroker import events

    kinds = {value for value in vars(events).values() if isinstance(value, type) and hasattr(value, "name")}
    assert kinds - {Event} == {*EVENTS}
    assert all(issubclass(kind, msgspec.Struct) for kind in EVENTS)


@pytest.mark.parametrize(
    ("failures", "valid", "reason", "level"),
    [
        (1, False, CredentialUnavailable("no"), "error"),
        (1, False, NoIdentity("no"), "warning"),
        (1, True, CredentialUnavailable("no"), "warning"),
        (2, False, CredentialUnavailable("no"), "info"),
        (2, True, CredentialUnavailable("no"), "info"),
    ],
)
def test_an_operator_is_told_once_that_there_is_nothing_left_to_give_out(
    reader: Reader, failures: int, *, valid: bool, reason: CredentialUnavailable, level: str
) -> None:
    with service_log(reader.out, LogFormat.JSON):
        Report()(Failing(target=TARGET, provider="ecr", failures=failures, pause=5.0, valid=valid, reason=reason))
    (line,) = lines(reader)
    assert line["level"] == level


def test_other_records_are_lines_too(reader: Reader) -> None:
    secret = "s3cr3t"
    with service_log(reader.out, LogFormat.JSON):
        MINE.warning("the cache cannot be used: %s", "a\nforged\x1b[31m line")
        try:
            int(secret)
        except ValueError:
            logging.getLogger("third.party").warning("failed", exc_info=True)
    ours, theirs = lines(reader)
    assert (ours["event"], ours["message"]) == ("log", "the cache cannot be used: a\nforged\x1b[31m line")
    assert (theirs["error_type"], theirs["logger"]) == ("ValueError", "third.party")
    assert "test_service_logs.py" in str(theirs["frames"])
    assert secret not in json.dumps(theirs)


def test_text_is_for_people(reader: Reader) -> None:
    with service_log(reader.out, LogFormat.TEXT):
        MINE.info("a\nforged line")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d [\d:,]+ INFO: a\\nforged line\n", reader.text())


@pytest.mark.parametrize(("verbosity", "seen"), [(0, ["info"]), (1, ["info"]), (2, ["debug", "info"])])
def test_info_is_shown_and_debug_on_demand(reader: Reader, verbosity: int, seen: list[str]) -> None:
    with logs.shown(io.StringIO()):
        logs.raise_to(verbosity)
        with service_log(reader.out, LogFormat.JSON):
            MINE.debug("x")
            MINE.info("y")
            logging.getLogger("httpx").info("a URL with a token")
    assert [line["level"] for line in lines(reader)] == seen


def test_afterwards_everything_is_as_before(reader: Reader) -> None:
    def state() -> list[object]:
        return [(one.level, one.handlers[:]) for one in map(logging.getLogger, (None, logs.OURS))]

    before = state()
    with service_log(reader.out, LogFormat.JSON):
        pass
    assert state() == before


@pytest.mark.fault(47)
class TestNobodyReads:
    def test_a_full_pipe_costs_lines_and_no_time(self, reader: Reader) -> None:
        with service_log(reader.out, LogFormat.JSON) as log:
            began = time.monotonic()
            for at in range(20_000):
                MINE.info("line %d of a flood that nobody reads", at)
            assert time.monotonic() - began < 10
            assert log.dropped() > 10_000
            drained = threading.Thread(target=drain, args=(reader,))
            drained.start()
        os.close(reader.out)
        drained.join(10)

    def test_a_reader_who_is_gone_costs_lines(self, reader: Reader) -> None:
        os.close(reader.end)
        with service_log(reader.out, LogFormat.JSON) as log:
            for _ in range(3):
                MINE.warning("nobody hears it")
        assert log.dropped() + log.suppressed() == 3

    def test_a_descriptor_that_is_closed_costs_lines(self) -> None:
        end, out = os.pipe()
        os.close(end)
        os.close(out)
        sink = LogSink(out)
        sink.handle(record("into the void"))
        sink.close()
        assert sink.dropped == 1

    def test_later_lines_are_written_when_somebody_reads_again(self, reader: Reader) -> None:
        sink = LogSink(reader.out, most=2)
        for at in range(5000):
            sink.handle(record(f"{at} " + "x" * 100))
        dropped = sink.dropped
        assert dropped > 0
        reading = threading.Thread(target=drain, args=(reader,))
        reading.start()
        end = time.monotonic() + 10
        while sink.dropped > dropped or time.monotonic() < end:
            before = sink.dropped
            sink.handle(record("again"))
            if sink.dropped == before:
                break
        assert sink.dropped == before
        sink.close()
        os.close(reader.out)
        reading.join(10)


def drain(reader: Reader) -> None:
    while os.read(reader.end, 65536):
        pass


def record(text: str, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord("ocibroker", level, __file__, 1, text, (), None)


class TestRepeats:
    def test_a_line_is_written_once_in_a_while_and_says_for_how_many_it_stands(self, clock: HandClock) -> None:
        repeats = Repeats(clock.monotonic)
        assert [repeats.filter(record("same")) for _ in range(5)] == [True, False, False, False, False]
        assert repeats.filter(record("other"))
        clock.move(WINDOW)
        again = record("same")
        assert repeats.filter(again)
        assert vars(again)["suppressed"] == 4
        assert repeats.suppressed == 4

    def test_what_is_shown_for_finding_a_fault_is_shown(self, clock: HandClock) -> None:
        repeats = Repeats(clock.monotonic)
        assert all(repeats.filter(record("same", logging.DEBUG)) for _ in range(5))

    def test_a_flood_of_different_lines_is_not_remembered_for_ever(self, clock: HandClock) -> None:
        repeats = Repeats(clock.monotonic)
        assert all(repeats.filter(record(f"line {at}")) for at in range(10_000))
        assert len(repeats._seen) <= 256

    def test_they_are_counted(self, reader: Reader) -> None:
        with service_log(reader.out, LogFormat.JSON) as log:
            for _ in range(3):
                MINE.warning("same")
            assert isinstance(log, ServiceLog)
            assert log.suppressed() == 2
        assert len(lines(reader)) == 1


def test_a_log_is_a_file_too(tmp_path: Path) -> None:
    path = tmp_path / "log"
    out = os.open(path, os.O_WRONLY | os.O_CREAT)
    with service_log(out, LogFormat.TEXT):
        MINE.warning("x")
    os.close(out)
    assert path.read_text().endswith("WARNING: x\n")
