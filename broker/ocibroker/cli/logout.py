"""``ocibroker logout``: what ``ocibroker login`` has stored, removed."""

from __future__ import annotations

import typer

from ocibroker.cli.invocation import Invocation
from ocibroker.cli.registry import RegistryArgument, registry_of
from ocibroker.errors import CredentialUnavailable


def logout(context: typer.Context, registry: RegistryArgument) -> None:
    """Remove what `login` has stored for REGISTRY; Docker's and Podman's logins are not touched."""
    from ocibroker.authfile import AuthFile, forget_secrets, key_of, logins_path, remove_login

    invocation: Invocation = context.obj
    target, path, terminal = registry_of(registry), logins_path(invocation.environ), invocation.terminal
    removed = remove_login(path, target)
    if not removed:
        terminal.note(f"{path} has no login for {key_of(target)}")
    else:
        terminal.say(f"logged out of {key_of(target)}")
    if other := AuthFile.read(path).login(target):
        terminal.note(f"the login for {other.key} still holds there; `ocibroker logout {other.key}` removes it")
    for error in forget_secrets(removed):
        raise CredentialUnavailable(
            f"still has the password: {error.message}", culprit=error.culprit, hint="remove it there by hand"
        )
