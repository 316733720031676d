"""One protocol of credential helpers: what it is called, and its functions from bytes to bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from ocibroker.errors import InvalidValue, OcibrokerError, TargetNotAllowed
from ocibroker.frontends.answer import Answer
from ocibroker.request import Caller

if TYPE_CHECKING:
    from ocibroker.frontends.asked import Asked

LONGEST: Final = 65536
"""Bytes of a question: git's longest line, and what a pipe holds."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a program asks: its standard input, who knows the answer, and the account that it names, if any."""

    stdin: bytes = field(repr=False)
    broker: Asked
    account: str = ""

    @property
    def caller(self) -> Caller | None:
        """Whom the broker is asked for, where that is not everybody."""
        return Caller.of_account(self.account)


Verb: TypeAlias = Callable[[Question], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontEnd:
    """A protocol by the name that the sidecar has for it, its executable, and its verbs.

    ``failed`` is the answer to an error, ``missed`` that to a question (its standard input) for which there is no
    credential, and why. ``refused`` is the answer to a wrong command line, ``unknown`` to another verb. ``usage``
    says how the executable is called, and ``default`` is the verb where the protocol names none. ``named`` is
    whether the executable's name may end in an account.
    """

    name: str
    executable: str
    verbs: Mapping[str, Verb]
    failed: Callable[[OcibrokerError], Answer]
    missed: Callable[[bytes, str], Answer]
    refused: Callable[[str], Answer]
    unknown: Callable[[str], Answer]
    usage: str
    default: str = ""
    named: bool = False
    version_words: frozenset[str] = frozenset({"--version", "-v"})

    def answer(self, verb: str, stdin: bytes, broker: Asked, account: str = "") -> Answer:
        """Return what the executable answers to ``verb`` and ``stdin``; it raises no error of ours."""
        if verb not in self.verbs:
            return self.unknown(verb)
        if len(stdin) > LONGEST:
            return self.failed(InvalidValue(f"is longer than {LONGEST} bytes", culprit="standard input"))
        try:
            return self.verbs[verb](Question(stdin, broker, account))
        except TargetNotAllowed as error:  # none for this caller, who may go on without
            return self.missed(stdin, str(error))
        except OcibrokerError as error:
            return self.failed(error)


def told(error: OcibrokerError) -> Answer:
    """Return a failure that is told to the person only: nothing on standard output, status 1."""
    return refused(str(error))


def refused(why: str) -> Answer:
    """Return the same with words of one's own."""
    return Answer(diagnostics=why, status=1)
