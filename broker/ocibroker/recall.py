"""An access that was given before is given again, as long as all that it was made of is as it was."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from ocibroker.access import Access
from ocibroker.answers import Answers
from ocibroker.demand import Demand
from ocibroker.inquiry import Inquiry
from ocibroker.target import Target

Name = tuple[str | Target, tuple[str, ...], float, float]
"""What a caller has asked for: target, actions, the life that must be left, and the deadline."""

_MOST: Final = 4096


@dataclass(frozen=True, slots=True)
class _Given:
    """What was given, and what it was made of."""

    inquiry: Inquiry
    demand: Demand
    access: Access


class Recall:
    """Spares the hot path all that leads to the same answer: parsing, rules, identity and key."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._lock = threading.Lock()
        self._closed = False
        self._given: OrderedDict[Name, _Given] = OrderedDict()

    def get(self, name: Name) -> Access | None:
        """Return the access that was given to that name, if it would be made alike now."""
        given = self._given.get(name)
        if given is None:
            return None
        inquiry = given.inquiry
        if not inquiry.stands or inquiry.footing.policies.contents(inquiry.origin) is not inquiry.trust:
            return None
        answer = self._answers.remembered(inquiry, given.demand, given.access.credential)
        return given.access if answer is given.access.credential else None

    def keep(self, name: Name, access: Access, inquiry: Inquiry, demand: Demand) -> None:
        """Remember what was given, unless the broker has been closed meanwhile."""
        with self._lock:
            self._given.pop(name, None)
            if not self._closed:
                self._given[name] = _Given(inquiry, demand, access)
            if len(self._given) > _MOST:
                self._given.popitem(last=False)

    def forked(self) -> None:
        """Begin anew in a child, with what is known: another thread of its parent may have held the lock."""
        self._lock = threading.Lock()

    def close(self) -> None:
        """Forget it all, for good."""
        with self._lock:
            self._closed = True
            self._given.clear()
