"""The report as a page: what is between two marks is written by the soak, the rest by people."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from tests.e2e import clients
from tests.soak.evidence import Evidence
from tests.soak.objectives import Objective, percentile
from tests.soak.schedule import Span
from tests.soak.verdict import Judge, Verdict

PAGE: Final = Path(__file__).parents[2] / "docs" / "slo.md"
PICTURE: Final = PAGE.with_name("slo.svg")
_MARKS: Final = "<!-- written by `make soak`: begin -->", "<!-- end -->"
_TELLING: Final = {"helm": "version", "skopeo": "--version", "podman": "--version", "docker": "--version"}
"""The clients, and how each tells its version."""


def written(page: str, text: str) -> str:
    """Return ``page`` with ``text`` between its marks."""
    begin, end = _MARKS
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def report(evidence: Evidence, found: Sequence[Objective], command: str) -> str:
    """Return what is written there."""
    date = f"{datetime.fromtimestamp(evidence.end, UTC):%d %B %Y}"
    return "\n".join(
        [
            f"`{command}`, {date}. {_machine()}. {', '.join(_versions())}.",
            "",
            *table(found),
            "",
            "![How long hits took, how many answers and calls there were, and what the process held](slo.svg)",
            "",
            "The numbers above the picture are those of the faults:",
            "",
            *_faults(evidence),
            "",
            *_counts(evidence),
        ]
    )


def table(found: Sequence[Objective]) -> Iterator[str]:
    """Yield the lines of what is promised."""
    yield "| what | target | found | met |"
    yield "|---|---|---|---|"
    for one in found:
        yield f"| {one.what} | {one.target} | {one.found.replace('|', '/')} | {'yes' if one.met else '**no**'} |"


def _faults(evidence: Evidence) -> Iterator[str]:
    judge = Judge(evidence)
    yield "| | fault | from | to | answers | failed | counted apart | 99 % of hits within |"
    yield "|---|---|---|---|---|---|---|---|"
    for number, span in enumerate(evidence.spans, 1):
        during = [one for one in evidence.asked if span.overlaps(one.at, one.until)]
        verdicts = Counter(judge.verdict(one) for one in during)
        apart = sum(count for verdict, count in verdicts.items() if verdict.apart)
        failed = len(during) - verdicts[Verdict.SERVED] - apart
        times = [one.seconds for one in evidence.hits if span.overlaps(one.at, one.until)]
        when = f"{span.begin - evidence.begin:.1f} s | {span.end - evidence.begin:.1f} s"
        within = f"{percentile(times, 99) * 1000:.1f} ms" if times else "none"
        yield f"| {number} | {span.name} | {when} | {len(during):,} | {failed} | {apart} | {within} |"


def _counts(evidence: Evidence) -> Iterator[str]:
    judge = Judge(evidence)
    verdicts = Counter(judge.verdict(one) for one in [*evidence.asked, *evidence.visits])
    runs = Counter(one.name for one in evidence.runs)
    alone = Counter(one.name for one in evidence.runs if one.wrong)
    statuses = Counter(one.status for one in evidence.calls)
    yield "| what else was counted | |"
    yield "|---|---|"
    yield from (f"| answers: {verdict.value} | {count:,} |" for verdict, count in verdicts.items())
    yield from (f"| runs of `{name}` | {count:,}, of which {alone[name]} failed |" for name, count in runs.items())
    yield f"| tokens that these have shown | {evidence.used:,} |"
    yield f"| requests over TCP, the flood's among them | {_flood(evidence)} |"
    yield f"| renewals that were asked for | {_renewals(evidence)} |"
    yield from (f"| {_upstream(status)} | {count:,} |" for status, count in sorted(statuses.items()))


def _flood(evidence: Evidence) -> str:
    came, refused = evidence.flood
    return f"{came:,}, of which {refused:,} were turned away for their number"


def _renewals(evidence: Evidence) -> str:
    wrong = [one for one in evidence.rotations if one.wrong]
    troubled = [
        one
        for one in wrong
        if any(_troubles(span) and span.overlaps(one.begin, one.end) for span in evidence.spans)
    ]
    return f"{len(evidence.rotations):,}; {len(wrong)} failed, {len(troubled)} of them during a fault"


def _troubles(span: Span) -> bool:
    return span.planned.absent or span.planned.upstream != "fair"


def _upstream(status: int) -> str:
    return f"requests of the token service, status {status}" if status else "requests that it broke off"


def _machine() -> str:
    load = ", ".join(f"{number:.1f}" for number in os.getloadavg())
    return f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, {platform.machine()}, load {load}"


def _versions() -> Iterator[str]:
    yield f"Python {platform.python_version()}"
    yield f"ocibroker {version('ocibroker')}"
    for name, option in _TELLING.items():
        said = subprocess.run([clients.find(name), option], capture_output=True, text=True, check=True).stdout
        found = re.search(r"\d+(?:\.\d+)+", said)
        yield f"{name} {found[0] if found else said}"
