"""Records go out in order in a thread of their own: nobody waits for it, and what it loses is counted and told."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial

import pytest

from ocibroker.audit import Channel
from ocibroker.events import AuditFailing, AuditRecovered, Event, Report
from tests.settled import settled


class Sink:
    """Takes numbers; ``failure`` is what it raises, and it waits for ``go``."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.batches = 0
        self.failure: BaseException | None = None
        self.go = threading.Event()
        self.go.set()

    def __call__(self, numbers: Sequence[int]) -> int:
        self.go.wait(10)
        if self.failure:
            raise self.failure
        self.taken += numbers
        self.batches += 1
        return len(numbers)


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def told() -> list[Event]:
    return []


def test_all_are_taken_in_order_and_together(sink: Sink, told: list[Event]) -> None:
    channel = Channel[int]("file", sink, Report(told.append))
    for number in range(2000):
        channel.put(number)
    channel.close()
    assert sink.taken == [*range(2000)]
    assert sink.batches < 20
    assert (channel.lost, told) == (0, [])


def test_the_last_one_is_taken_although_the_end_comes_at_once(sink: Sink, told: list[Event]) -> None:
    channel = Channel[int]("file", sink, Report(told.append))
    channel.put(7)
    channel.close()
    assert sink.taken == [7]


def test_one_that_hangs_holds_nobody_up_and_loses_what_there_is_no_room_for(sink: Sink, told: list[Event]) -> None:
    sink.go.clear()
    channel = Channel[int]("plugin slow", sink, Report(told.append), most=10)
    for number in range(1000):
        channel.put(number)
    assert channel.lost >= 980
    sink.go.set()
    channel.close()
    assert channel.lost + len(sink.taken) == 1000
    assert told[0] == AuditFailing(sink="plugin slow", reason="takes records slower than they come")
    assert told[1:] == [AuditRecovered(sink="plugin slow", lost=channel.lost)]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (LookupError("s3cr3t"), "LookupError"),
        (SystemExit("s3cr3t"), "SystemExit"),
    ],
    ids=["disk", "error", "exit"],
)
def test_a_failure_is_told_once_and_so_is_its_end(
    sink: Sink, told: list[Event], failure: BaseException, reason: str
) -> None:
    channel = Channel[int]("file", sink, Report(told.append))
    sink.failure = failure
    for number in range(3):
        channel.put(number)
        assert settled(partial(_has_lost, channel, number + 1))
    sink.failure = None
    channel.put(3)
    channel.close()
    assert sink.taken == [3]
    assert told == list[Event]([AuditFailing(sink="file", reason=reason), AuditRecovered(sink="file", lost=3)])


def _has_lost(channel: Channel[int], number: int) -> bool:
    return channel.lost == number
