"""The tools of this machine: whether what `ocibroker setup` has told them is what it would tell them now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Final

from ocibroker.doctor.bench import Bench
from ocibroker.doctor.finding import Finding, failed, fine, skipped, warned
from ocibroker.errors import OcibrokerError, UsageError
from ocibroker.program import find_program
from ocibroker.setup import TOOLS, Change, Journal, Plan, Read, Settings, pending, read_settings

SETUP, HELPER = "tools.setup", "tools.helper"
_PROGRAMS: Final[Mapping[str, str]] = MappingProxyType({"buildkit": "buildkitd"})
"""Programs that are not called as their tool is."""


def findings(bench: Bench) -> Iterator[Finding]:
    """Yield what there is to say of each tool that is here, or that was set up."""
    if not bench.complete:
        yield skipped(SETUP, "the configuration cannot be used")
        return
    told = [finding for system in (False, True) for finding in _of_place(bench, system=system)]
    yield from told or [skipped(SETUP, "none of the tools that can be set up is here")]


def _of_place(bench: Bench, *, system: bool) -> Iterator[Finding]:
    try:
        settings = read_settings(bench.config, bench.environ, system=system)
    except OcibrokerError:
        if not system:
            yield skipped(SETUP, "the files of a [[tls]] cannot be used")
        return
    for tool in TOOLS:
        journal = Journal.of(f"{tool}-system" if system else tool, bench.environ)
        yield from (replace(one, about=tool) for one in _of_tool(tool, settings, journal))


def _of_tool(tool: str, settings: Settings, journal: Journal) -> Iterator[Finding]:
    command = f"ocibroker setup {tool}{' --system' if settings.system else ''}"
    try:
        known = bool(journal.read().records)
        if not known and (settings.system or not _here(tool, settings.environ)):
            return
        plans: list[Plan] = []
        changes = pending(partial(_planned, tool, settings, plans), journal)
        plan = plans[-1]
        yield _setup(command, plan, changes, known=known)
        if known and plan.executable:
            yield _helper(plan.executable, settings.environ)
    except OcibrokerError as error:
        yield warned(
            SETUP, f"`{command}` cannot tell", f"{error.culprit}: {error.message}", error.hint or f"run `{command}`"
        )


def _setup(command: str, plan: Plan, changes: tuple[Change, ...], *, known: bool) -> Finding:
    paths = ", ".join(str(change.path) for change in changes)
    if not changes:
        return fine(
            SETUP, "is told all that the configuration says" if plan.files else "there is nothing to tell it"
        )
    if not known:
        return skipped(SETUP, f"has not been set up: it would be told in {paths}", command)
    cause = "the configuration or these files have changed since; or it was set up with --host or --file"
    return warned(SETUP, f"`{command}` would change {paths}", cause, f"{command} --apply")


def _helper(executable: str, environ: Mapping[str, str]) -> Finding:
    if (found := find_program(executable, environ)) is not None:
        return fine(HELPER, f"{found} is on the PATH")
    error = UsageError("is not on the PATH", culprit=executable, hint="add the folder that it is in to PATH")
    return failed(HELPER, f"{executable} would not be found", error)


def _here(tool: str, environ: Mapping[str, str]) -> bool:
    return find_program(_PROGRAMS.get(tool, tool), environ) is not None


def _planned(tool: str, settings: Settings, plans: list[Plan], read: Read) -> Plan:
    plans.append(TOOLS[tool](settings, read))
    return plans[-1]
