"""The curves of a soak: how long answers took, what was asked upstream, and what the process held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from tests.soak.drawing import Panel, Points, drawing
from tests.soak.evidence import Evidence
from tests.soak.objectives import P99, percentile
from tests.soak.verdict import Judge, Verdict

PARTS: Final = 120
"""Into how many parts the time is divided."""

T = TypeVar("T")
U = TypeVar("U")


def picture(evidence: Evidence) -> str:
    """Return all of them over one axis of time, on which each fault has its beginning and its end."""
    panels = [_times(evidence), _answers(evidence), _upstream(evidence), *_vitals(evidence)]
    begin = evidence.begin
    bands = [(one.begin - begin, one.end - begin) for one in evidence.spans]
    return drawing("A soak, and what went wrong in it when", evidence.seconds, panels, bands)


def _times(evidence: Evidence) -> Panel:
    parts = _parts(evidence, evidence.hits, lambda one: one.at, lambda one: one.seconds * 1000)
    curves = {
        "half": [(at, percentile(times, 50)) for at, times in parts if times],
        "99 %": [(at, percentile(times, 99)) for at, times in parts if times],
        "the longest": [(at, max(times)) for at, times in parts if times],
    }
    return Panel("Hits, ms", curves, P99 * 1000, logarithmic=True)


def _answers(evidence: Evidence) -> Panel:
    judge = Judge(evidence)
    parts = _parts(evidence, evidence.asked, lambda one: one.at, judge.verdict)
    wanted: dict[str, Callable[[Verdict], bool]] = {
        "served": lambda one: one is Verdict.SERVED,
        "failed": lambda one: one is not Verdict.SERVED and not one.apart,
        "counted apart": lambda one: one.apart,
    }
    return Panel("Answers a second", {name: _rate(evidence, parts, is_it) for name, is_it in wanted.items()})


def _upstream(evidence: Evidence) -> Panel:
    parts = _parts(evidence, evidence.calls, lambda one: one.at, lambda one: one.status)
    wanted: dict[str, Callable[[int], bool]] = {
        "issued": lambda status: status == 200,
        "refused or not answered": lambda status: status != 200,
    }
    curves = {name: _rate(evidence, parts, is_it) for name, is_it in wanted.items()}
    return Panel("Requests of the token service a second", curves)


def _vitals(evidence: Evidence) -> list[Panel]:
    def curve(name: str) -> Points:
        return [(one.at - evidence.begin, getattr(one.vitals, name)) for one in evidence.looks]

    counts = {"file descriptors": curve("files"), "threads": curve("threads")}
    return [Panel("Held by the sidecar", counts), Panel("Resident memory, MiB", {"": curve("memory")})]


def _parts(
    evidence: Evidence, seen: Iterable[T], moment: Callable[[T], float], what: Callable[[T], U]
) -> list[tuple[float, list[U]]]:
    """Return the middle of each part of the time, and what was seen in it."""
    wide, found = evidence.seconds / PARTS, defaultdict[int, list[U]](list)
    for one in seen:
        found[int((moment(one) - evidence.begin) / wide)].append(what(one))
    return [((part + 0.5) * wide, found[part]) for part in range(PARTS)]


def _rate(evidence: Evidence, parts: Sequence[tuple[float, list[U]]], is_it: Callable[[U], bool]) -> Points:
    wide = evidence.seconds / PARTS
    return [(at, sum(map(is_it, seen)) / wide) for at, seen in parts]
