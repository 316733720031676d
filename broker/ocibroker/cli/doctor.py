"""``ocibroker doctor``: what is wrong between here and a registry, step by step."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ocibroker.cli.exits import ExitCode, exit_code
from ocibroker.cli.invocation import Invocation
from ocibroker.cli.wanted import AccountOption
from ocibroker.errors import OcibrokerError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.table import Table

    from ocibroker.doctor.finding import Finding

_STYLES: Final = MappingProxyType({"ok": "green", "skipped": "dim", "warning": "yellow", "failed": "bold red"})


def doctor(
    context: typer.Context,
    target: Annotated[
        str, typer.Argument(metavar="[TARGET]", help="A registry or repository, with a tag or digest if need be.")
    ] = "",
    bundle: Annotated[
        Path | None, typer.Option("--bundle", metavar="FILE", help="Write all that was found into FILE, a zip.")
    ] = None,
    account: AccountOption = "",
    *,
    json: Annotated[bool, typer.Option("--json", help="For programs: one object.")] = False,
) -> None:
    """Look for what is wrong, here and on the way to TARGET, else to all that the configuration names."""
    from ocibroker.doctor import examination, report
    from ocibroker.doctor.bench import Surroundings
    from ocibroker.doctor.patient import Patient

    invocation: Invocation = context.obj
    surroundings = Surroundings(environ=invocation.environ, config=invocation.config)
    if account and not target:
        raise UsageError("is for one target", culprit="--account", hint="name the TARGET")
    named = Patient.parse(target, account) if target else None
    findings = tuple(examination.examine(surroundings, named))
    if json:
        invocation.terminal.say_json(report.as_data(findings))
    else:
        invocation.terminal.show(_table(findings))
    bundled = _bundled(bundle, findings, invocation)
    raise typer.Exit(_code(findings) or bundled)


def _bundled(bundle: Path | None, findings: Sequence[Finding], invocation: Invocation) -> ExitCode:
    """Write the bundle, if one is wanted; that it cannot be written takes nothing from what was found."""
    from ocibroker.doctor import support_bundle

    if bundle is None:
        return ExitCode.OK
    try:
        support_bundle.write(bundle.absolute(), findings, invocation.environ, invocation.config)
    except OcibrokerError as error:
        invocation.terminal.note(str(error))
        return exit_code(error)
    invocation.terminal.note(f"written: {bundle}, for whoever helps: see what is in it before it is sent")
    return ExitCode.OK


def _code(findings: Iterable[Finding]) -> ExitCode:
    """Return the code of the first failure: what follows it, it may have caused."""
    return next((exit_code(one.error) for one in findings if one.error is not None), ExitCode.OK)


def _table(findings: Sequence[Finding]) -> Table:
    from rich.table import Table

    from ocibroker.cli.facts import cell

    table, about = Table.grid(padding=(0, 2)), ""
    for one in findings:
        if one.about != about:
            about = one.about
            table.add_row("", cell(about, "bold"), "")
        style = _STYLES[one.state]
        table.add_row(cell(one.state.upper() if one.error else one.state, style), cell(one.id), cell(one.what))
        if one.cause:
            table.add_row("", cell("cause"), cell(one.cause, style))
        if one.cure:
            table.add_row("", cell("cure"), cell(one.cure, "bold"))
    return table
