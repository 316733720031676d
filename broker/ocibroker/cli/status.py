"""``ocibroker status``: how the sidecar on this machine stands."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ocibroker.cli.invocation import Invocation
from ocibroker.cli.output import Output, OutputOption
from ocibroker.cli.standing import show
from ocibroker.errors import ConnectionFailed, IntegrityError, UsageError

if TYPE_CHECKING:
    from ocibroker.api.status import Standing, Status
    from ocibroker.origin import Origin

_PATIENCE: Final = 5.0
_CLEAR: Final = "\x1b[H\x1b[2J"
_DOWN: Final = 2
_CODES: Final[Mapping[Standing, int]] = MappingProxyType({"ok": 0, "degraded": 1, "down": _DOWN})
"""The exit codes of this command alone: what a probe or a monitor looks at."""


def status(
    context: typer.Context,
    admin: Annotated[
        str | None,
        typer.Option("--admin", metavar="HOST:PORT", help="Ask there, and not where sidecar.admin says."),
    ] = None,
    page: Annotated[
        int, typer.Option("--page", min=1, help="Of many targets show these; the worst are first.")
    ] = 1,
    *,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Show it again and again, until Ctrl-C.")] = False,
    every: Annotated[float, typer.Option("--every", metavar="SECONDS", min=0.1, help="How often.")] = 2.0,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --output json.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show how the sidecar stands; exits with 0 if all is well, 1 if it is degraded, 2 if it is down or silent."""
    invocation: Invocation = context.obj
    form = Output.JSON if as_json else output
    origin = _origin(invocation, admin)
    code = _look(invocation, origin, page, form, clear=watch)
    while watch:
        invocation.terminal.deliver()
        time.sleep(every)
        _look(invocation, origin, page, form, clear=True)
    raise typer.Exit(code)


def _look(invocation: Invocation, origin: Origin, page: int, form: Output, *, clear: bool) -> int:
    """Hold what is shown, and return the exit code."""
    terminal = invocation.terminal
    if clear and form is Output.TABLE and terminal.stdout.isatty():
        terminal.say(_CLEAR)
    try:
        found = _asked(origin, page)
    except (ConnectionFailed, IntegrityError) as error:
        terminal.note(str(error))
        return _DOWN
    if form is Output.JSON:
        terminal.say_json(_plain(found))
    else:
        show(found, terminal)
    return _CODES[found.verdict.standing]


def _asked(origin: Origin, page: int) -> Status:
    import msgspec

    from ocibroker.api.status import Status
    from ocibroker.deadline import Deadline
    from ocibroker.transport import ask_plainly

    answer = ask_plainly(origin, f"/status.json?page={page}", Deadline.after(_PATIENCE))
    if answer.status != 200:
        hint = "name the admin listener by --admin, and ask on its own machine"
        raise ConnectionFailed(f"answered {answer.status}", culprit=str(origin), hint=hint)
    try:
        return msgspec.json.decode(answer.body, type=Status)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise IntegrityError("is no status of ocibroker", culprit=str(origin)) from None


def _plain(found: Status) -> object:
    import msgspec

    return msgspec.to_builtins(found)


def _origin(invocation: Invocation, admin: str | None) -> Origin:
    from ocibroker.config import address
    from ocibroker.origin import Origin

    named = address(admin) if admin is not None else invocation.load().sidecar.admin
    if named is None:
        raise UsageError("is not set", culprit="sidecar.admin", hint="set it, or name the address by --admin")
    host = f"[{named.host}]" if ":" in named.host else named.host
    return Origin("http", host, named.port)
