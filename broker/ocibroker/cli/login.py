"""``ocibroker login``: a user name and a password, tried and then kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ocibroker.cli.invocation import Invocation
from ocibroker.cli.registry import RegistryArgument, registry_of
from ocibroker.cli.trial import accepted
from ocibroker.credential import Basic, check_username
from ocibroker.errors import UsageError
from ocibroker.selection import LAST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocibroker.broker import Broker
    from ocibroker.cli.person import Person
    from ocibroker.target import Target


def login(
    context: typer.Context,
    registry: RegistryArgument,
    username: Annotated[str, typer.Option("--username", "-u", metavar="USER", help="Asked for if not given.")] = "",
    *,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input; else it is asked for.")
    ] = False,
    file: Annotated[
        bool, typer.Option("--file", help="Keep the password in a file of yours, unencrypted, not in the keyring.")
    ] = False,
    password: Annotated[str | None, typer.Option("--password", "-p", hidden=True)] = None,
) -> None:
    """Try a user name and a password at REGISTRY, and keep them."""
    if password is not None:
        raise UsageError(
            "every user of this machine can see the command line",
            culprit="--password",
            hint="use --password-stdin: ocibroker login --username USER --password-stdin REGISTRY < FILE",
        )
    from ocibroker.authfile import AuthFile, Keyring, forget_secrets, keep, key_of, logins_path

    invocation: Invocation = context.obj
    target, path = registry_of(registry), logins_path(invocation.environ)
    # What would keep it from being stored is said before anybody types a password.
    earlier, keyring = AuthFile.read(path).logins(target), None if file else Keyring.system()
    with invocation.broker() as broker:
        credential = _credential(invocation.person, key_of(target), username, piped=password_stdin)
        notes = tuple(_notes(broker, target, verified=accepted(broker, target, credential)))
    kept = keep(path, key_of(target), credential, keyring)
    left = forget_secrets([old for old in earlier if old != kept])
    where = f"the keyring ({keyring.name}), known to {path}" if keyring else f"{path}, unencrypted"
    invocation.terminal.say(f"logged in to {kept.key} as {credential.shown_username}: stored in {where}")
    for note in (*notes, *(f"the earlier password is still there: {error}" for error in left)):
        invocation.terminal.note(note)


def _credential(person: Person, key: str, username: str, *, piped: bool) -> Basic:
    name = username or person.ask(f"User name for {key}: ")
    check_username(name)  # before a password is asked for
    what = f"password of {name}"
    secret = person.piped(what) if piped else person.ask_hidden(f"Password of {name} for {key}: ", what)
    return Basic(username=name, secret=secret)


def _notes(broker: Broker, target: Target, *, verified: bool) -> Iterator[str]:
    told = broker.explain(target)
    if not verified:
        yield f"{target.registry} asks nobody for a password, so this one could not be verified"
    if told.otherwise == LAST:
        yield f"this login is used only where provider {told.provider} finds no identity: {told.why}"
    elif told.provider != LAST:
        yield f"this login is not used: {told.why}"
