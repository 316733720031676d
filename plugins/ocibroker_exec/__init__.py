"""``exec``: any credential helper that is already there, by the protocol that it speaks.

It is run as every child is: by its absolute path, without a shell, within the deadline, and never if we are it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from ocibroker.provider import Anonymous, Credential, Identity, Provider, Request, Target, providers
from ocibroker_exec.options import ExecOptions

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest

__all__ = ["ExecOptions", "ExecProvider", "ocibroker_providers"]

TESTED: Final = (
    ("docker-credential-* helper", "real: docker-credential-pass with gpg, docker-registry"),
    ("credential provider of the kubelet", "emulator: a program in place of one"),
    ("credential helper of Bazel", "emulator: a program in place of one"),
    ("the caller's own token, from the kubelet", "emulator: a program in place of a credential provider"),
)
"""Each identity source, and what the tests try it against: docs/matrix.md is made of it."""

_KEEP: Final = timedelta(minutes=5)
"""A helper of Docker's may answer with a token of minutes or hours, and does not say so: Docker asks each time."""


class ExecProvider:
    """Serves whatever a rule gives it; claims nothing by itself."""

    name = "exec"
    options = ExecOptions

    def claim(self, target: Target) -> None:
        """Claim nothing: which program to ask for what, only a rule can say."""

    def identity(self, request: Request[ExecOptions]) -> Identity:
        """Return the program, what it is given, and what it is asked for; watch the files that it gets."""
        from ocibroker_exec.identity import parts_of  # here, as the others: most have no such rule

        files = tuple(file for one in request.options.environment.values() for file in one.watch)
        keep = _KEEP if request.options.protocol == "docker" else None
        return Identity(parts_of(request), watch=files, keep=keep)

    def fetch(self, request: FetchRequest[ExecOptions]) -> Credential | Anonymous:
        """Ask the program.

        Raises :class:`~ocibroker.errors.ConfigurationError` for one that must not or cannot be run,
        :class:`~ocibroker.errors.NoIdentity` where it has nothing for the target, and other
        :class:`~ocibroker.errors.CredentialUnavailable`. Nothing of what it prints is shown.
        """
        from ocibroker_exec.protocols import PROTOCOLS

        return PROTOCOLS[request.options.protocol](request)


@providers
def ocibroker_providers() -> Sequence[Provider[Any]]:
    """Return the one provider."""
    provider: Provider[ExecOptions] = ExecProvider()
    return [provider]
