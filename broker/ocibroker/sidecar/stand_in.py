"""What a front end asks in the sidecar: it knows answers already, or notes which one is wanted.

Front ends are pure functions that ask and wait; on an event loop nobody may wait. So one is run, and run again once
the answer is there that it stopped for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ocibroker.access import Access
from ocibroker.broker import Broker
from ocibroker.config import Config
from ocibroker.credential import Anonymous
from ocibroker.errors import CannotCarry, OcibrokerError
from ocibroker.explanation import Explanation
from ocibroker.sidecar.generation import Generation
from ocibroker.sidecar.reach import Reach
from ocibroker.target import Target

Wanted = tuple[Target, float]
"""A target, and for how many seconds to wait."""


class StandIn:
    """Stands for the broker of ``generation``, as far as ``reach`` goes. ``wanted`` is what it was asked last."""

    def __init__(self, generation: Generation, reach: Reach) -> None:
        self._broker: Final[Broker] = generation.broker
        self._config = generation.config
        self._reach = reach
        self._known: dict[Wanted, Access | OcibrokerError] = {}
        self.wanted: Wanted | None = None

    @property
    def config(self) -> Config:
        """The configuration; with exchange nothing of it is listed, since nothing of it is given out."""
        return replace(self._config, rules=()) if self._reach.exchange else self._config

    def access(self, target: Target, *, deadline: float = 30.0) -> Access:
        """Return the access that was learned; raises :class:`KeyError` for one that is yet to be."""
        self._reach.check(target)
        self.wanted = (target, deadline)
        outcome = self._known[self.wanted]
        if isinstance(outcome, OcibrokerError):
            raise outcome.restated()
        self._reach.check_answer(outcome)
        if self._reach.exchange and not isinstance(outcome.credential, Anonymous):
            raise CannotCarry(
                "this listener gives tokens of one repository only, which this protocol cannot carry",
                culprit=str(target),
                hint="ask POST /v1/credentials, or a listener without exchange",
            )
        return outcome

    def explain(self, target: Target) -> Explanation:
        """Return what would answer for ``target``."""
        self._reach.check(target)
        return self._broker.explain(target)

    async def learn(self) -> bool:
        """Have the broker answer what is wanted; false where that is known already."""
        if self.wanted is None or self.wanted in self._known:
            return False
        target, deadline = self.wanted
        try:
            self._known[self.wanted] = await self._broker.access_async(target, deadline=deadline)
        except OcibrokerError as error:
            self._known[self.wanted] = error.restated()
        return True
