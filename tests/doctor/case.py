"""A broken world: how it is made, and what is to be found in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from tests.doctor.house import House, Visit

HERE = ("configuration.file", "environment.proxies", "sidecar.socket")
CHOSEN = ("selection.provider", "selection.identity", "credential")
REACHED = ("network.name", "network.connect")
SHAKEN = (*REACHED, "tls.handshake", "tls.certificate")
ASKED = (*SHAKEN, "registry.answer", "registry.challenge", "clock.skew")
"""Steps that are in order before something is wrong, or in spite of it."""


@dataclass(frozen=True)
class Case:
    """``step`` is the first that has failed, and ``cure`` what its cure says; ``learnt`` is in order all the same.

    ``cause`` is what its cause says, ``code`` the exit code: 0 where there is only a warning.
    """

    world: Callable[[House], AbstractContextManager[Visit]]
    step: str
    cure: str
    learnt: tuple[str, ...]
    code: int
    cause: str = ""


World = Callable[[House], Iterator[Visit]]


def world(made: World) -> Callable[[House], AbstractContextManager[Visit]]:
    return contextmanager(made)
