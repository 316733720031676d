"""The credential of one access as of now: what its transport asks before each request."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta

from ocibroker.answers import Answers
from ocibroker.credential import Anonymous, Credential
from ocibroker.deadline import Deadline, number
from ocibroker.demand import Answer, Demand
from ocibroker.errors import NoIdentity, OcibrokerError
from ocibroker.inquiry import Inquiry

Answered = tuple[Inquiry, Answer]
"""Whose answer it is, and the answer."""
Outcome = Answer | NoIdentity


class BrokerSource:
    """Asks the broker's answers, and where nobody was chosen and the first has no identity, who else may know."""

    __slots__ = ("_answers", "_deadline", "_preparation", "demand", "inquire")

    def __init__(
        self,
        answers: Answers,
        inquire: Callable[[], Inquiry],
        min_ttl: float,
        deadline: float,
        preparation: Callable[[], Future[object] | None] = lambda: None,
    ) -> None:
        self.inquire = inquire
        self._preparation = preparation
        self._answers = answers
        self.demand = Demand(timedelta(seconds=number("min_ttl", min_ttl)))
        self._deadline = number("deadline", deadline)

    async def inquire_async(self) -> Inquiry:
        """Return the inquiry without blocking the event loop for files, or for a sidecar."""
        if (preparation := self._preparation()) is not None:
            import asyncio  # slow, and a helper has no event loop

            await asyncio.wrap_future(preparation)
        return self.inquire()

    def current(self, refused: Credential | None) -> Answer:
        """Return it, newly fetched where it is due or was ``refused``; what was refused where there is no other."""
        return self.instead(self.inquire(), refused)[1]

    async def current_async(self, refused: Credential | None) -> Answer:
        """Return it without blocking the event loop."""
        return (await self.instead_async(await self.inquire_async(), refused))[1]

    def instead(self, inquiry: Inquiry, refused: Credential | None) -> Answered:
        """Return the answer as of now, newly fetched if it is ``refused``; that where there is no other."""
        if refused is None or not self._renews(inquiry, refused):
            return self.answer(inquiry)
        try:
            return self.answer(inquiry, fresh=True, refused=refused)
        except OcibrokerError:
            return inquiry, refused

    async def instead_async(self, inquiry: Inquiry, refused: Credential | None) -> Answered:
        """Return the same without blocking the event loop."""
        if refused is None or not self._renews(inquiry, refused):
            return await self.answer_async(inquiry)
        try:
            return await self.answer_async(inquiry, fresh=True, refused=refused)
        except OcibrokerError:
            return inquiry, refused

    def answer(self, inquiry: Inquiry, *, fresh: bool = False, refused: Credential | None = None) -> Answered:
        """Return what is remembered for ``inquiry``, else or with ``fresh`` fetch it.

        Where its provider finds no identity, and no rule has chosen it, who else is asked may have a login.
        """
        demand = replace(self.demand, fresh=fresh, refused=refused)
        deadline = self._answers.deadline(self._deadline)
        outcome: Outcome
        try:
            outcome = self._one(inquiry, demand, deadline)
        except NoIdentity as error:
            outcome = error
        if (second := _second(inquiry, outcome)) is not None:
            found = self._one(second, demand, deadline)
            if not isinstance(found, Anonymous):
                return second, found
        return _settled(inquiry, outcome)

    async def answer_async(
        self, inquiry: Inquiry, *, fresh: bool = False, refused: Credential | None = None
    ) -> Answered:
        """Return the same without blocking the event loop."""
        demand = replace(self.demand, fresh=fresh, refused=refused)
        deadline = self._answers.deadline(self._deadline)
        outcome: Outcome
        try:
            outcome = await self._one_async(inquiry, demand, deadline)
        except NoIdentity as error:
            outcome = error
        if (second := _second(inquiry, outcome)) is not None:
            found = await self._one_async(second, demand, deadline)
            if not isinstance(found, Anonymous):
                return second, found
        return _settled(inquiry, outcome)

    def _one(self, inquiry: Inquiry, demand: Demand, deadline: Deadline) -> Answer:
        return self._answers.remembered(inquiry, demand) or self._answers.fetch(inquiry, demand, deadline)

    async def _one_async(self, inquiry: Inquiry, demand: Demand, deadline: Deadline) -> Answer:
        known = self._answers.remembered(inquiry, demand)
        return known or await self._answers.fetch_async(inquiry, demand, deadline)

    def _renews(self, inquiry: Inquiry, refused: Credential) -> bool:
        if self._answers.known.renews(inquiry, refused):
            return True
        return inquiry.otherwise is not None and self._answers.known.renews(inquiry.otherwise(), refused)


def _second(inquiry: Inquiry, outcome: Outcome) -> Inquiry | None:
    """Return the inquiry at who else is asked, where ``outcome`` leaves anything to ask for."""
    wanting = isinstance(outcome, Anonymous | NoIdentity)
    return inquiry.otherwise() if wanting and inquiry.otherwise is not None else None


def _settled(inquiry: Inquiry, outcome: Outcome) -> Answered:
    """Return the answer, or raise what came in its place; where the last of all had none, its reason says so."""
    if isinstance(outcome, NoIdentity):
        raise outcome
    if inquiry.selection.last and isinstance(outcome, Anonymous):
        return inquiry, Anonymous(f"no rule matches {inquiry.target}, and {outcome.reason}")
    return inquiry, outcome
