"""What is promised, and what was seen of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from statistics import quantiles
from typing import Final

from tests.soak.asked import Asked
from tests.soak.evidence import Evidence
from tests.soak.model_calls import Expected, got, surplus
from tests.soak.shift import Run
from tests.soak.verdict import Judge, Verdict
from tests.soak.vitals import MOST_GROWTH, Vitals, growth

SUCCESS: Final = 0.9999
P99: Final = 0.005
"""Seconds."""


@dataclass(frozen=True)
class Objective:
    """``timed`` is one that a busy machine may miss, whatever the sidecar does."""

    what: str
    target: str
    found: str
    met: bool
    timed: bool = False


def none_of(what: str, seen: Sequence[object] | int) -> Objective:
    """Return the promise that there is none; where there are any, some are shown."""
    count = seen if isinstance(seen, int) else len(seen)
    some = "" if isinstance(seen, int) or not count else f": {', '.join(map(str, seen[:3]))}"
    return Objective(what, "0", f"{count}{some}", not count)


def percentile(seconds: Sequence[float], share: int) -> float:
    """Return below what so many of a hundred are; 0 where there are too few."""
    return quantiles(seconds, n=100, method="inclusive")[share - 1] if len(seconds) > 1 else 0.0


def objectives(evidence: Evidence) -> Iterator[Objective]:
    """Yield each promise."""
    judge = Judge(evidence)
    asked = Counter(judge.verdict(one) for one in [*evidence.asked, *evidence.visits])
    yield none_of("expired tokens served, by the service that issued them", asked[Verdict.EXPIRED])
    yield none_of("expired tokens served, by the sidecar's own count", int(evidence.expired))
    yield none_of("answers with a token whose identity had been refused", asked[Verdict.REVOKED])
    yield _success(asked)
    yield none_of("runs of real clients that failed while a sidecar was there", _wrong(evidence, evidence.runs))
    yield _p99(evidence.hits)
    yield from _calls(evidence)
    yield none_of("answers that failed while a configuration was read anew", _at_reloads(evidence, judge))
    yield _stop(evidence)
    yield from _growth(evidence)
    what = f"secrets in log, metrics, `/proc/…/cmdline` and `environ`, of {evidence.secrets:,} that there were"
    yield none_of(what, [*evidence.leaks])


def _success(asked: Counter[Verdict]) -> Objective:
    counted = sum(count for verdict, count in asked.items() if not verdict.apart)
    share = asked[Verdict.SERVED] / max(counted, 1)
    what = "success while a token has life left, whatever befalls the token service"
    failed = counted - asked[Verdict.SERVED]
    return Objective(
        what, f"≥ {SUCCESS * 100:.2f} %", f"{share * 100:.4f} %: {failed} of {counted:,} failed", share >= SUCCESS
    )


def _wrong(evidence: Evidence, runs: Sequence[Run]) -> list[str]:
    return [f"{one.name}: {one.wrong}" for one in runs if one.wrong and not evidence.absent(one.begin, one.end)]


def _p99(hits: Sequence[Asked]) -> Objective:
    times = [one.seconds for one in hits]
    found = percentile(times, 99)
    shown = f"{found * 1000:.1f} ms; half of {len(times):,} take {percentile(times, 50) * 1000:.2f} ms or less"
    rate = len(hits) / max(hits[-1].at - hits[0].at, 1) if hits else 0
    what = f"99th percentile of hits over the Unix socket, {rate:.0f} a second"
    return Objective(what, f"< {P99 * 1000:.0f} ms", shown, 0 < found < P99, timed=True)


def _calls(evidence: Evidence) -> Iterator[Objective]:
    tokens, counted = evidence.counted
    yield none_of("calls of the token service that the model does not make", surplus(evidence))
    what = "tokens issued for each that the sidecar got"
    yield Objective(what, "1", f"{tokens:,} for {counted:,}", tokens == counted)
    model, found = Expected.of(evidence), len(got(evidence))
    what = "tokens got for the registries, and by the reference model of the same questions"
    between = f"{model.fewest:,} to {model.most:,}"
    shown = f"{found:,}; the model {model.likely:,}"
    # On a busy machine a call takes long, and the next is due later than the model knows.
    yield Objective(what, between, shown, model.fewest <= found <= model.most, timed=True)


def _at_reloads(evidence: Evidence, judge: Judge) -> list[Asked]:
    reloads = [one for one in evidence.spans if "SIGHUP" in one.name]
    during = (one for one in evidence.asked if any(span.overlaps(one.at, one.until) for span in reloads))
    return [one for one in during if judge.verdict(one) is Verdict.FAILED]


def _stop(evidence: Evidence) -> Objective:
    most = evidence.grace + 1
    what = "the end after `SIGTERM`, while callers ask"
    return Objective(what, f"≤ {most:.0f} s", f"{evidence.stopped:.1f} s", evidence.stopped <= most, timed=True)


def _growth(evidence: Evidence) -> Iterator[Objective]:
    names = {"files": "file descriptors", "threads": "threads", "memory": "MiB of memory"}
    for one, more, most in zip(fields(Vitals), astuple(growth(evidence.looks)), astuple(MOST_GROWTH), strict=True):
        seen = [getattr(look.vitals, one.name) for look in evidence.looks]
        shown = f"{more:+.1f}; at most {max(seen):.0f}, {seen[-1]:.0f} at the end"
        yield Objective(f"growth of {names[one.name]}", f"≤ {most:g}", shown, more <= most)
