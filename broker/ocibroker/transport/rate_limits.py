"""What registries say of how many requests are left, for who wants to know before the next is refused.

Docker Hub counts pulls: https://docs.docker.com/docker-hub/usage/pulls/. Its headers are those of the draft
https://datatracker.ietf.org/doc/html/draft-polli-ratelimit-headers-02, and one of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ocibroker.clock import Clock
from ocibroker.errors import as_code
from ocibroker.events import Limited, Report

_COUNT: Final = re.compile(r"(?P<count>\d{1,9})(?:\s*;\s*w=(?P<window>\d{1,9}))?", re.ASCII)
_MOST: Final = 256
"""Hosts that are remembered."""


class RateLimits:
    """Remembers what each host has said last, and reports it."""

    def __init__(self, clock: Clock, report: Report) -> None:
        self._clock = clock
        self._report = report
        self._said: dict[str, Limited] = {}

    def note(self, host: str, headers: Mapping[str, str]) -> None:
        """Take note of an answer of ``host``; most say nothing."""
        if "ratelimit-remaining" not in headers:
            return
        limit = _COUNT.fullmatch(headers.get("ratelimit-limit", "").strip())
        remaining = _COUNT.fullmatch(headers["ratelimit-remaining"].strip())
        if limit is None or remaining is None or (host not in self._said and len(self._said) >= _MOST):
            return
        window = limit["window"] or remaining["window"]
        self._said[host] = said = Limited(
            host=host,
            limit=int(limit["count"]),
            remaining=int(remaining["count"]),
            at=self._clock.now(),
            window=int(window) if window else None,
            source=as_code(headers.get("docker-ratelimit-source", "")),
        )
        if self._report.wanted(said.level):
            self._report(said)

    def said(self, host: str) -> Limited | None:
        """Return what ``host`` has said last, or none."""
        return self._said.get(host)
