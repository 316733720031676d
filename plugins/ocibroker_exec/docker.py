"""The protocol of docker-credential-helpers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ocibroker.provider import Completed, Credential, CredentialHelper, FetchRequest
from ocibroker_exec.child import Child
from ocibroker_exec.options import ExecOptions


def ask(request: FetchRequest[ExecOptions]) -> Credential:
    """Return the login that the program has for the target's host."""
    child = Child(request)

    def run(
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        inherit: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> Completed:
        # What it inherits, the rule says.
        return child.run(argv[1:], stdin)

    found = CredentialHelper(child.program).ask(request.target, run)
    if found is None:
        raise child.nothing()
    return found
