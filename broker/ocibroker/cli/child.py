"""``ocibroker run``: another program with the credentials and authorities that it needs, and no others."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ocibroker.cli.answered import answered
from ocibroker.cli.invocation import Invocation
from ocibroker.cli.wanted import MINUTE, AccountOption, MinTTLOption, PushOption
from ocibroker.credential import Anonymous
from ocibroker.errors import UsageError


def run(
    context: typer.Context,
    command: Annotated[
        list[str], typer.Argument(metavar="-- CMD [ARG]...", help="The program, behind two dashes.")
    ],
    targets: Annotated[
        list[str],
        typer.Option("--target", "-t", metavar="TARGET", help="A registry or repository; repeatable."),
    ],
    account: AccountOption = "",
    min_ttl: MinTTLOption = MINUTE,  # type: ignore[assignment]  # typer parses the default too
    *,
    push: PushOption = False,
) -> None:
    """Run CMD with the credentials and authorities of all TARGETs in files that vanish with it."""
    from ocibroker.cli.furniture import furnish, shortcomings
    from ocibroker.cli.supervision import supervise
    from ocibroker.guarded_folder import guarded_folder

    if os.name != "posix":
        raise UsageError("works on Linux and macOS only", culprit="ocibroker run")
    invocation: Invocation = context.obj
    terminal = invocation.terminal
    with guarded_folder(invocation.environ) as folder:
        with invocation.broker() as broker:
            accesses = answered(broker, targets, push=push, min_ttl=min_ttl, account=account)
            environ = furnish(folder.path, accesses, invocation.environ)
        for access in accesses:
            if isinstance(access.credential, Anonymous):
                terminal.note(f"{access.target}: no login, access is anonymous: {access.credential.reason}")
        for shortcoming in dict.fromkeys(shortcomings(accesses)):
            terminal.note(shortcoming)
        status = supervise(command, environ, folder.lifeline, terminal)
    raise typer.Exit(status)
