"""Records of the log as JSON, one a line: for machines."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec

from ocibroker.cli.frames import frames_of
from ocibroker.errors import OcibrokerError
from ocibroker.tracing import trace_id

_NAMES: Final = MappingProxyType(
    {
        "seconds": "duration_s",
        "pause": "next_retry_s",
        "seconds_left": "expires_in_s",
        "error": "error_type",
        "request_id": "upstream_request_id",
        "skew": "clock_skew_s",
    }
)
"""What an event's field is called in the log, where that is something else."""


class JSONLines(logging.Formatter):
    """``ts``, ``level``, ``event``, ``message``, and the fields of the event; what is empty is left out.

    A record that is no event has the event ``log``. Of an exception its type and its frames are shown: its text may
    hold anything.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return one line of ASCII."""
        event = getattr(record, "event", None)
        line: dict[str, object] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": getattr(event, "name", "log"),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(_told(event))
        if trace := trace_id():
            line["trace_id"] = trace
        if suppressed := getattr(record, "suppressed", 0):
            line["suppressed"] = suppressed
        if record.exc_info:
            line["error_type"] = record.exc_info[0].__name__ if record.exc_info[0] else ""
            line["frames"] = frames_of(record.exc_info)
        return json.dumps(line)


def _told(event: Any) -> Iterator[tuple[str, object]]:  # noqa: ANN401  # whatever a record holds by that name
    for name in event.__struct_fields__ if isinstance(event, msgspec.Struct) else ():
        value = getattr(event, name)
        if isinstance(value, OcibrokerError):
            yield "error_type", type(value).__name__
            if value.request_id:
                yield "upstream_request_id", value.request_id
        elif value not in (None, ""):
            yield _NAMES.get(name, name), _plain(value)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, float):
        return round(value, 6)
    return value if isinstance(value, bool | int | str) else str(value)
