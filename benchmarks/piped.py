"""What a program costs that reads a question from a pipe and writes its answer to another, as helpers do."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Run:
    """``seconds`` from the start to the end of the process, its exit status, and what it wrote."""

    seconds: float
    status: int
    stdout: bytes


def run_piped(argv: Sequence[str], question: bytes, environ: Mapping[str, str]) -> Run:
    """Run ``argv`` by ``posix_spawn``; ``question`` fits into a pipe."""
    (reading, asking), (answer, writing) = os.pipe(), os.pipe()
    os.write(asking, question)
    os.close(asking)
    actions = [(os.POSIX_SPAWN_DUP2, reading, 0), (os.POSIX_SPAWN_DUP2, writing, 1)]
    begin = time.perf_counter()
    child = os.posix_spawnp(argv[0], list(argv), environ, file_actions=actions)
    os.close(writing)
    with os.fdopen(answer, "rb") as stream:
        stdout = stream.read()
    _, status = os.waitpid(child, 0)
    seconds = time.perf_counter() - begin
    os.close(reading)
    return Run(seconds, os.waitstatus_to_exitcode(status), stdout)
