"""What happens in a broker and its sidecar, told to the log and to whoever observes."""

from ocibroker.events.audience import Audience
from ocibroker.events.event import (
    Administered,
    Answered,
    AuditFailing,
    AuditRecovered,
    BreakerClosed,
    BreakerOpened,
    Event,
    Failing,
    Fetched,
    Outcome,
    PeerDenied,
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
    "Audience",
    "AuditFailing",
    "AuditRecovered",
    "BreakerClosed",
    "BreakerOpened",
    "Event",
    "Failing",
    "Fetched",
    "Observe",
    "Outcome",
    "PeerDenied",
    "Recovered",
    "Reloaded",
    "Report",
    "Requested",
    "Served",
    "Trigger",
]
