"""``ocibroker export``: credentials as a file of another tool's, for where no helper can run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ocibroker.cli.answered import answered
from ocibroker.cli.invocation import Invocation
from ocibroker.cli.terminal import Terminal
from ocibroker.cli.wanted import MINUTE, AccountOption, MinTTLOption, PushOption
from ocibroker.credential import Anonymous
from ocibroker.errors import UsageError

if TYPE_CHECKING:
    from ocibroker.access import Access


class Form(StrEnum):
    """What is written."""

    DOCKER = "dockerconfigjson"
    CONTAINERS = "auth.json"
    KUBERNETES = "k8s-secret"


class Notation(StrEnum):
    """How a Secret is written."""

    YAML = "yaml"
    JSON = "json"


_NAME: Final = "registry-credentials"


def export(
    context: typer.Context,
    form: Annotated[Form, typer.Argument(help="What to write; it reveals the secrets.")],
    targets: Annotated[list[str], typer.Argument(metavar="TARGET...", help="Registries or repositories.")],
    account: AccountOption = "",
    min_ttl: MinTTLOption = MINUTE,  # type: ignore[assignment]  # typer parses the default too
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="The Secret's name.", show_default=_NAME)
    ] = "",
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", metavar="NAME", help="The Secret's namespace; else none is written.")
    ] = "",
    output: Annotated[
        Notation | None,
        typer.Option("--output", "-o", help="How the Secret is written.", show_default=Notation.YAML),
    ] = None,
    *,
    push: PushOption = False,
) -> None:
    """Write the credentials for all TARGETs as a file that other tools read."""
    invocation: Invocation = context.obj
    if form is not Form.KUBERNETES:
        yaml = output is Notation.YAML  # the others are JSON, whether that is said or not
        _refuse_what_is_for_a_secret(form, {"--name": name, "--namespace": namespace, "--output yaml": yaml})
    with invocation.broker() as broker:
        accesses = answered(broker, targets, push=push, min_ttl=min_ttl, account=account)
    invocation.terminal.say(_written(form, accesses, output or Notation.YAML, name or _NAME, namespace))
    _note(accesses, invocation.terminal)


def _refuse_what_is_for_a_secret(form: Form, given: Mapping[str, object]) -> None:
    for option in filter(given.get, given):
        raise UsageError(
            f"is for {Form.KUBERNETES} only",
            culprit=option,
            hint=f"remove it, or write {Form.KUBERNETES} for {form}",
        )


def _written(form: Form, accesses: Sequence[Access], output: Notation, name: str, namespace: str) -> str:
    from ocibroker.frontends.kubernetes_secret import as_yaml, kubernetes_secret
    from ocibroker.frontends.logins import auth_json, docker_config

    if form is Form.KUBERNETES:
        secret = kubernetes_secret(accesses, name, namespace)
        return as_yaml(secret).rstrip("\n") if output is Notation.YAML else json.dumps(secret, indent=2)
    return json.dumps(docker_config(accesses) if form is Form.DOCKER else auth_json(accesses), indent=2)


def _note(accesses: Sequence[Access], terminal: Terminal) -> None:
    from ocibroker.frontends.logins import earliest_expiry

    for access in accesses:
        if isinstance(access.credential, Anonymous):
            terminal.note(f"{access.target}: left out, access is anonymous: {access.credential.reason}")
    if (moment := earliest_expiry(accesses)) is not None:
        terminal.note(f"valid until {moment:%Y-%m-%dT%H:%M:%SZ}")
