"""``ocibroker get``: the credential for a target, and how its host is reached."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ocibroker.cli.answer import as_data, as_facts
from ocibroker.cli.answered import check_answered
from ocibroker.cli.facts import fact_table
from ocibroker.cli.invocation import Invocation
from ocibroker.cli.target import TargetArgument
from ocibroker.cli.terminal import Terminal
from ocibroker.cli.wanted import MINUTE, AccountOption, MinTTLOption, PushOption, actions
from ocibroker.credential import Anonymous
from ocibroker.errors import CannotCarry
from ocibroker.request import Caller

if TYPE_CHECKING:
    from ocibroker.access import Access


class GetOutput(StrEnum):
    """All but the table reveal the secret."""

    TABLE = "table"
    JSON = "json"
    DOCKER = "docker"
    HEADER = "header"


def get(
    context: typer.Context,
    target: TargetArgument,
    output: Annotated[
        GetOutput, typer.Option("--output", "-o", help="A table hides the secret; the others reveal it.")
    ] = GetOutput.TABLE,
    *,
    push: PushOption = False,
    min_ttl: MinTTLOption = MINUTE,  # type: ignore[assignment]  # typer parses the default too
    account: AccountOption = "",
    refresh: Annotated[bool, typer.Option("--refresh", help="Ask the provider, whatever is remembered.")] = False,
) -> None:
    """Get the credential for TARGET that is valid now."""
    invocation: Invocation = context.obj
    wanted, caller = actions(push=push), Caller.of_account(account)
    with invocation.broker() as broker:
        access = broker.access(target, actions=wanted, min_ttl=min_ttl, caller=caller, fresh=refresh)
    check_answered(access)
    _WRITERS[output](access, invocation.terminal)


def _write_table(access: Access, terminal: Terminal) -> None:
    terminal.show(fact_table(as_facts(access)))


def _write_json(access: Access, terminal: Terminal) -> None:
    terminal.say_json(as_data(access))


def _write_docker(access: Access, terminal: Terminal) -> None:
    from ocibroker.frontends.docker import render

    if isinstance(access.credential, Anonymous):
        why = f"Docker's protocol cannot carry anonymous access: {access.credential.reason}"
        raise CannotCarry(why, culprit=str(access.target), hint="use --output json")
    terminal.say(render(access.target.registry, access.credential).decode().rstrip())


def _write_header(access: Access, terminal: Terminal) -> None:
    if isinstance(access.credential, Anonymous):
        terminal.note(f"{access.target}: no header, access is anonymous: {access.credential.reason}")
    for name, value in access.headers().items():
        terminal.say(f"{name}: {value}")


_WRITERS: Final = MappingProxyType(
    {
        GetOutput.TABLE: _write_table,
        GetOutput.JSON: _write_json,
        GetOutput.DOCKER: _write_docker,
        GetOutput.HEADER: _write_header,
    }
)
