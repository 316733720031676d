"""Processes that are forked from one in which a broker is at work."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forking(Protocol):
    """What is not to be shared with a child."""

    def forked(self) -> None:
        """Begin anew in a child: who worked for its parent, and held a lock there, is not here."""
        ...


def begin_anew_in_children(owner: Forking) -> None:
    """Have ``owner`` begin anew in every child that is forked while it is there."""
    watched = weakref.ref(owner)  # what is registered can never be taken back

    def forked() -> None:
        if (there := watched()) is not None:
            there.forked()

    if hasattr(os, "register_at_fork"):  # not on Windows
        os.register_at_fork(after_in_child=forked)
