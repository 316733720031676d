"""The program of a rule, run once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ocibroker.provider import (
    Completed,
    CredentialUnavailable,
    FetchRequest,
    NoIdentity,
    OcibrokerError,
    chosen_program,
)
from ocibroker_exec.options import ExecOptions


@dataclass(frozen=True, slots=True)
class Child:
    """Runs the program of ``request``'s rule, and says what is wrong with its answer without showing it."""

    request: FetchRequest[ExecOptions]

    @property
    def program(self) -> Path:
        """The program; errors as :func:`ocibroker.program.chosen_program`."""
        return chosen_program(Path(self.request.options.command[0]), self.request.environ)

    def run(self, arguments: Sequence[str], stdin: bytes) -> Completed:
        """Return how it ended; errors as :func:`ocibroker.child.run`, and of the values that it is to get."""
        program, options = self.program, self.request.options
        try:
            # Here, since a variable's value is as secret as what it leads to.
            variables = {name: self.request.secret(kept).reveal() for name, kept in options.environment.items()}
            argv = [str(program), *options.command[1:], *arguments]
            return self.request.run(argv, stdin=stdin, inherit=options.inherit, variables=variables)
        except OcibrokerError as error:  # without the frames, which hold the values
            failure = error.restated()
        raise failure

    def answer(self, arguments: Sequence[str], question: bytes) -> bytes:
        """Return what it printed, if it says that it succeeded."""
        done = self.run(arguments, question)
        if done.status:
            raise self.failed(f"ended with status {done.status}", "run it by hand")
        return done.stdout

    def failed(
        self, why: str, hint: str = "compare the rule's protocol with the program's"
    ) -> CredentialUnavailable:
        """Return the error that names the program."""
        return CredentialUnavailable(why, culprit=self.request.options.command[0], hint=hint)

    def nothing(self) -> NoIdentity:
        """Return the error for a program that has no credential for the target."""
        why = f"has no credential for {self.request.target}"
        hint = "log in with it, or set anonymous_fallback in the rule"
        return NoIdentity(why, culprit=self.request.options.command[0], hint=hint)
