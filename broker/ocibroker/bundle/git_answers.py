"""Handing secrets to git: by pipes that its processes inherit, each read once.

No argument, variable or file ever holds one. Which of them git asks for, it says to its credential helper, and the
helper here is a line of shell: it compares the place to the letter, and git knows no other helper.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import RawIOBase
from typing import Final

from ocibroker.errors import CannotCarry

CERTIFICATE: Final = "cert://"
"""The place of a client key's password."""

Answers = Mapping[str, Callable[[], bytes]]
"""What is answered for a place: ``protocol://host[:port]`` as git writes it."""


@dataclass(frozen=True, slots=True)
class Handed:
    """``helper`` is the value of ``credential.helper``, ``inherited`` what git must inherit for it."""

    helper: str
    inherited: tuple[int, ...]


@contextmanager
def handed(answers: Answers) -> Iterator[Handed]:
    """Have ``answers`` lie ready for one git.

    Raises :class:`~ocibroker.errors.CannotCarry` for what is longer than a pipe holds.
    """
    with ExitStack() as open_ones:
        pipes: dict[str, int] = {}
        for place, answer in answers.items():
            reader, writer = os.pipe()
            open_ones.callback(os.close, reader)
            _fill(writer, answer, place)
            pipes[place] = reader
        yield Handed(_helper(pipes), tuple(pipes.values()))


def _fill(writer: int, answer: Callable[[], bytes], place: str) -> None:
    os.set_blocking(writer, False)
    with os.fdopen(writer, "wb", buffering=0) as pipe:
        if _fits(pipe, answer()):
            return
    raise CannotCarry("is too long a secret for git", culprit=place)


def _fits(pipe: RawIOBase, answer: bytes) -> bool:
    return pipe.write(answer) == len(answer)


def _helper(pipes: Mapping[str, int]) -> str:
    # Without a program: what PATH leads to may be git alone.
    asked = 'case "$line" in protocol=*) at="${line#*=}://";; host=*) at="$at${line#*=}";; esac'
    cases = " ".join(f"{shlex.quote(place)}) pipe={pipe};;" for place, pipe in pipes.items())
    return (
        f'!f() {{ test "$1" = get || return 0; at=; pipe=; while IFS= read -r line; do {asked}; done; '
        f'case "$at" in {cases} *) return 0;; esac; '
        """while IFS= read -r line; do printf '%s\\n' "$line"; done <"/dev/fd/$pipe"; }; f"""
    )
