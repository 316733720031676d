"""``ocibroker get``: the credential for a target, and how its host is reached."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ocibroker.cli.account import AccountOption
from ocibroker.cli.answer import as_data, as_facts
from ocibroker.cli.duration import seconds
from ocibroker.cli.facts import fact_table
from ocibroker.cli.invocation import Invocation
from ocibroker.cli.target import TargetArgument
from ocibroker.cli.terminal import Terminal
from ocibroker.credential import Anonymous
from ocibroker.errors import CannotCarry, NoProvider
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
    push: Annotated[bool, typer.Option("--push", help="For pulling and pushing, not for pulling alone.")] = False,
    min_ttl: Annotated[
        float,
        typer.Option("--min-ttl", parser=seconds, metavar="DURATION", help="The life it must have left, as 10m."),
    ] = "60s",  # type: ignore[assignment]  # typer parses the default too
    account: AccountOption = "",
    refresh: Annotated[bool, typer.Option("--refresh", help="Ask the provider, whatever is remembered.")] = False,
) -> None:
    """Get the credential for TARGET that is valid now."""
    invocation: Invocation = context.obj
    actions = ("pull", "push") if push else ("pull",)
    caller = Caller.of_account(account)
    with invocation.broker() as broker:
        access = broker.access(target, actions=actions, min_ttl=min_ttl, caller=caller, fresh=refresh)
    if access.provider is None:
        raise _nobody(access)
    _WRITERS[output](access, invocation.terminal)


def _nobody(access: Access) -> NoProvider:
    why = access.credential.reason if isinstance(access.credential, Anonymous) else access.why
    where = access.target.registry
    return NoProvider(
        why, hint=f"run `docker login {where}` or `ocibroker login {where}`, or add a [[registry]] rule"
    )


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
