"""What was seen in a soak; all moments are in the seconds of ``time.time``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tests.soak.asked import Asked
from tests.soak.schedule import Span
from tests.soak.shift import Run
from tests.soak.vitals import Look
from tests.soak.weather import Call


@dataclass(frozen=True)
class Issued:
    """A token, by the service that has issued it: whose it is, and from when until when it is good."""

    principal: str
    begin: float
    end: float

    @property
    def usable(self) -> float:
        """Until when the sidecar gives it out, as the manual says."""
        return self.end - min(10.0, (self.end - self.begin) / 10)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """``asked`` is what callers asked at the Unix socket, ``visits`` what they asked over TCP.

    ``hosts`` says whose each registry is, ``doomed`` is the one whose identity is revoked. ``issued`` are tokens by
    their secret, ``calls`` the requests for one that came to the service. ``began`` is when the last process was
    started, ``counted`` how many tokens were issued to it and how many it says it got, and ``expired`` what it says
    of tokens that it served too late. Real clients have shown ``used`` tokens to the registry. ``flood`` is how
    many requests came over TCP, and how many of all were turned away for their number. ``leaks`` are those of the
    ``secrets`` that were found, and where. It took ``stopped`` seconds to end, ``grace`` of them for what is under
    way.
    """

    begin: float
    end: float
    life: float
    asked: Sequence[Asked]
    visits: Sequence[Asked]
    runs: Sequence[Run]
    rotations: Sequence[Run]
    hosts: Mapping[str, str]
    doomed: str
    issued: Mapping[str, Issued]
    calls: Sequence[Call]
    spans: Sequence[Span]
    looks: Sequence[Look]
    began: float
    counted: tuple[int, int]
    expired: float
    used: int
    flood: tuple[int, int]
    leaks: Sequence[str]
    secrets: int
    stopped: float
    grace: float

    @property
    def seconds(self) -> float:
        return self.end - self.begin

    @cached_property
    def hits(self) -> list[Asked]:
        """The answers with what had been given out before, so that nobody had to be asked for it."""
        known, hits = set[str](), list[Asked]()
        for one in sorted(self.asked, key=lambda one: one.until):
            if one.secret in known:
                hits.append(one)
            elif one.served:
                known.add(one.secret)
        return hits

    def absent(self, begin: float, end: float) -> bool:
        """Whether nobody served at any moment between these."""
        return any(one.planned.absent and one.overlaps(begin, end) for one in self.spans)
