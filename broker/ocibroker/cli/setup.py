"""``ocibroker setup``: other tools are told whom to ask for credentials, and whom to trust."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ocibroker.cli.exits import ExitCode
from ocibroker.cli.invocation import Invocation
from ocibroker.errors import UsageError
from ocibroker.line import one_line
from ocibroker.program import find_program

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ocibroker.setup import Change, Plan, Read


class Tool(StrEnum):
    """What can be set up."""

    DOCKER = "docker"
    PODMAN = "podman"
    HELM = "helm"
    CONTAINERD = "containerd"
    KUBELET = "kubelet"
    GIT = "git"
    BAZEL = "bazel"
    BUILDKIT = "buildkit"


def setup(
    context: typer.Context,
    tool: Annotated[Tool, typer.Argument(metavar="TOOL", help=f"One of {', '.join(Tool)}.")],
    host: Annotated[
        list[str] | None, typer.Option("--host", metavar="HOST", help="A host that no rule spells out.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="PATH", help="In the place of the file that the tool reads.")
    ] = None,
    *,
    system: Annotated[bool, typer.Option("--system", help="For the whole machine, below /etc.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Make the changes.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take everything back.")] = False,
) -> None:
    """Show what TOOL would be told of the configured hosts: whom to ask for credentials, and whom to trust."""
    if apply and undo:
        raise UsageError("contradict each other", culprit="--apply and --undo", hint="choose one")
    from ocibroker import setup as room

    invocation: Invocation = context.obj
    journal = room.Journal.of(f"{tool}-system" if system else tool, invocation.environ)
    if undo:
        _tell(invocation, room.undo(journal))
        return
    settings = room.read_settings(
        invocation.load(), invocation.environ, named=host or (), file=file and file.absolute(), system=system
    )

    def make(read: Read) -> Plan:
        plan = room.TOOLS[tool](settings, read)
        for note in plan.notes:
            invocation.terminal.note(note)
        _check_program(invocation, plan, needed=apply)
        return plan

    if apply:
        _tell(invocation, room.apply(make, journal))
    else:
        _show(invocation, room.pending(make, journal))


def _show(invocation: Invocation, changes: Sequence[Change]) -> None:
    from ocibroker.setup import difference

    for change in changes:
        for line in difference(change):
            invocation.terminal.say("\t".join(map(one_line, line.split("\t"))))
    if changes:
        invocation.terminal.note("nothing is changed yet: the same with --apply does it")
        raise typer.Exit(ExitCode.CHANGES)
    invocation.terminal.note("nothing to do")


def _tell(invocation: Invocation, changes: Iterable[Change]) -> None:
    done = [f"{_verb(change)} {one_line(str(change.path))}" for change in changes]
    for line in done:
        invocation.terminal.say(line)
    if not done:
        invocation.terminal.note("nothing to do")


def _verb(change: Change) -> str:
    if change.after is None:
        return "removed"
    return "made" if change.before is None else "changed"


def _check_program(invocation: Invocation, plan: Plan, *, needed: bool) -> None:
    if not plan.executable or find_program(plan.executable, invocation.environ):
        return
    if needed:
        raise UsageError(
            "is not on the PATH", culprit=plan.executable, hint="the tool would fail to find it: extend PATH"
        )
    invocation.terminal.note(f"{plan.executable} is not on the PATH, where the tool would look for it")
