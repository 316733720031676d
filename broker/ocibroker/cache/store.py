"""Where answers outlive a process, or are shared by several."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol

from ocibroker.cache.entry import Entry
from ocibroker.cache.moment import Moment
from ocibroker.credential import Credential
from ocibroker.deadline import Deadline


class Store(Protocol):
    """Entries by key. It is never a hard dependency: what goes wrong in it is a miss, and raises nothing.

    Only what expires is kept in one: a password that is good for ever is not written down again. ``shared`` is the
    URL of one that several machines share, and empty otherwise; ``sealing`` the id of the key that it seals new
    entries with; ``trouble`` what is wrong with it, empty where all is well.
    """

    @property
    def shared(self) -> str:
        """Where other machines find it too."""
        ...

    @property
    def sealing(self) -> str:
        """Which key it is, and nothing of the key; empty where it seals nothing."""
        ...

    @property
    def trouble(self) -> str:
        """What went wrong, until it goes well again."""
        ...

    def get(self, key: str, now: Moment) -> Entry | None:
        """Return the entry, or none."""
        ...

    def put(self, key: str, entry: Entry, provider: str) -> None:
        """Keep ``entry``, got from ``provider``; a newer one that is there already stays."""
        ...

    def discard(self, key: str, refused: Credential, now: Moment) -> None:
        """Forget the entry if it holds what was refused."""
        ...

    def forget(self, key: str) -> None:
        """Forget the entry, whatever it holds."""
        ...

    def turn(self, key: str, deadline: Deadline) -> AbstractContextManager[bool]:
        """Have one process at a time in the block, as far as that can be had within the deadline.

        The block is told whether another's turn has come before it: that may have left the entry, or not.
        """
        ...

    def forked(self) -> None:
        """Begin anew in a child that was forked: no lock or connection is shared with its parent."""
        ...

    def close(self) -> None:
        """Close connections, if it has any."""
        ...


class Nowhere:
    """No store: what a process knows ends with it."""

    shared: Final = ""
    sealing: Final = ""
    trouble: Final = ""

    def get(self, key: str, now: Moment) -> Entry | None:
        """Return none."""
        return None

    def put(self, key: str, entry: Entry, provider: str) -> None:
        """Keep nothing."""

    def discard(self, key: str, refused: Credential, now: Moment) -> None:
        """Forget nothing."""

    def forget(self, key: str) -> None:
        """Forget nothing."""

    def turn(self, key: str, deadline: Deadline) -> AbstractContextManager[bool]:
        """Wait for nobody."""
        return nullcontext(False)  # noqa: FBT003  # nobody was waited for

    def forked(self) -> None:
        """Share nothing: there is nothing."""

    def close(self) -> None:
        """Close nothing."""
