"""What is remembered of answers and of failures: in this process, and in a store."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ocibroker.asked import Asked
from ocibroker.cache import Entry, Memory, Moment, Nowhere, Store, Troubles
from ocibroker.clock import Clock
from ocibroker.credential import Credential
from ocibroker.demand import Answer
from ocibroker.inquiry import Inquiry
from ocibroker.outlook import Outlook, outlook

_NOWHERE: Final = Nowhere()


class Known:
    """By the key of an inquiry. A store that machines share is for identities that mean the same on all of them."""

    def __init__(
        self, clock: Clock, memory: Memory, troubles: Troubles, store: Store | None, asked: Asked | None = None
    ) -> None:
        self.memory: Final = memory
        self.troubles: Final = troubles
        self.asked: Final = asked or Asked()
        self._clock = clock
        self._store = store or Nowhere()

    @property
    def now(self) -> Moment:
        """The moment by both clocks."""
        return Moment.now(self._clock)

    @property
    def elapsed(self) -> float:
        """Seconds of a clock that never goes backwards."""
        return self._clock.monotonic()

    def entry(self, inquiry: Inquiry) -> Entry | None:
        """Return what is remembered on this machine, usable or not."""
        known = self.memory.get(inquiry.key)
        return known if known or self._store.shared else self._store.get(inquiry.key, self.now)

    def place(self, inquiry: Inquiry) -> tuple[Store, str]:
        """Return the store for an answer, and the key that it has there."""
        if not self._store.shared:
            return self._store, inquiry.key
        return (self._store, inquiry.shared_key) if inquiry.shared_key else (_NOWHERE, inquiry.key)

    def valid(self, inquiry: Inquiry) -> Answer | None:
        """Return the answer if it has not ended, however close to its end it is."""
        entry = self.memory.get(inquiry.key)
        valid = entry is not None and entry.standing(self.now, timedelta()).valid
        return entry.answer if entry and valid else None

    def __len__(self) -> int:
        """Return how many answers are remembered."""
        return len(self.memory)

    def shared(self, inquiry: Inquiry) -> str:
        """Return the URL of where machines share such answers; empty where they do not."""
        return self.place(inquiry)[0].shared

    @property
    def sealing(self) -> str:
        """The id of the key that the store seals new entries with; empty where it seals nothing."""
        return self._store.sealing

    @property
    def trouble(self) -> str:
        """What is wrong with the store; empty where all is well."""
        return self._store.trouble

    def in_the_way(self, inquiry: Inquiry) -> str | None:
        """Return what went wrong since it last went well, and for how long nobody is asked because of it."""
        return self.troubles.describe(inquiry.key, inquiry.source)

    def outlook(self, inquiry: Inquiry) -> Outlook:
        """Return how things stand here, whatever a store has."""
        entry, trouble = self.memory.get(inquiry.key), self.troubles.known(inquiry.key)
        return outlook(entry, trouble, self.now, last=inquiry.selection.last)

    def forget(self, inquiry: Inquiry) -> bool:
        """Forget the answer, here and in the store, and return whether there was one here."""
        there = self.entry(inquiry) is not None
        self.memory.forget(inquiry.key)
        store, key = self.place(inquiry)
        store.forget(key)
        return there

    def renews(self, inquiry: Inquiry, refused: Credential) -> bool:
        """Whether what a registry turned down is what is remembered, and is to be fetched anew.

        Not again and again, since then it is not its age. It is dropped from the store, and remembered here until
        there is another: it may be refused for what it is not allowed, and good for all else.
        """
        entry = self.memory.get(inquiry.key)
        if entry is None or entry.answer != refused or not self.troubles.renews(inquiry.key):
            return False
        store, key = self.place(inquiry)
        store.discard(key, refused, self.now)
        return True

    def forked(self) -> None:
        """Begin anew in a child that was forked, with what is known."""
        for part in (self.memory, self.troubles, self._store):
            part.forked()

    def close(self) -> None:
        """Close the store."""
        self._store.close()
