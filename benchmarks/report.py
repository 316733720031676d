"""What a benchmark has found, and the page that tells it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One claim and what was measured of it; ``reached`` is none where there is no bound to reach."""

    what: str
    against: str
    found: str
    bound: str = "none"
    reached: bool | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The findings of one benchmark, and its tables in Markdown."""

    findings: Sequence[Finding]
    details: str


def summary(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield the lines of the one table."""
    yield "| what | against | found | bound | reached |"
    yield "|---|---|---|---|---|"
    for one in findings:
        reached = {True: "yes", False: "**no**", None: "–"}[one.reached]
        yield f"| {one.what} | {one.against} | {one.found} | {one.bound} | {reached} |"


def page(reports: dict[str, Report], others: Sequence[Finding], tools: dict[str, str]) -> str:
    """Return the whole page; ``others`` are findings of no benchmark, ``tools`` the versions of contenders."""
    findings = [finding for report in reports.values() for finding in report.findings]
    details = [part for name, report in reports.items() for part in (f"## `{name}`", report.details)]
    return "\n".join(
        [
            "# What was measured",
            "",
            "Written by `make bench`; [README.md](README.md) says how.",
            "",
            f"{datetime.now(UTC):%d %B %Y}. {_machine()}. {_versions(tools)}.",
            "",
            *summary([*findings, *others]),
            "",
            "\n\n".join(details),
            "",
        ]
    )


def _machine() -> str:
    load = ", ".join(f"{number:.1f}" for number in os.getloadavg())
    return f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, {platform.machine()}, load {load}"


def _versions(tools: dict[str, str]) -> str:
    ours = {"Python": platform.python_version(), "ocibroker": version("ocibroker")}
    return ", ".join(f"{name} {number}" for name, number in {**ours, **tools}.items())
