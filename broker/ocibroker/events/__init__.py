"""What happens in a broker and its sidecar, told to the log and to whoever observes."""

from ocibroker.events.event import (
    Administered,
    Answered,
    BreakerClosed,
    BreakerOpened,
    Denied,
    Event,
    Failing,
    Fetched,
    Outcome,
    Recovered,
    Reloaded,
    Requested,
    Served,
    Trigger,
)
from ocibroker.events.report import Observe, Report

__all__ = [
    "Administered",
    "Answered",
    "BreakerClosed",
    "BreakerOpened",
    "Denied",
    "Event",
    "Failing",
    "Fetched",
    "Observe",
    "Outcome",
    "Recovered",
    "Reloaded",
    "Report",
    "Requested",
    "Served",
    "Trigger",
]
