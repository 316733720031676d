"""The credential of one access as of now: what its transport asks before each request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from ocibroker.answers import Answer, Answers, Demand
from ocibroker.credential import Anonymous, Credential
from ocibroker.errors import NoIdentity
from ocibroker.inquiry import Inquiry

Answered = tuple[Inquiry, Answer]
"""Whose answer it is, and the answer."""
Outcome = Answer | NoIdentity


class BrokerSource:
    """Asks the broker's answers, and where nobody was chosen and the first has no identity, who else may know."""

    __slots__ = ("_answers", "_deadline", "demand", "inquire")

    def __init__(self, answers: Answers, inquire: Callable[[], Inquiry], min_ttl: float, deadline: float) -> None:
        self.inquire = inquire
        self._answers = answers
        self.demand = Demand(timedelta(seconds=min_ttl))
        self._deadline = deadline

    def current(self, refused: Credential | None) -> Answer:
        """Return it, newly fetched where it is due or is the one that was ``refused``."""
        return self.answer(self._without(refused))[1]

    async def current_async(self, refused: Credential | None) -> Answer:
        """Return it without blocking the event loop."""
        return (await self.answer_async(self._without(refused)))[1]

    def answer(self, inquiry: Inquiry, *, fresh: bool = False) -> Answered:
        """Return what is remembered for ``inquiry``, else or with ``fresh`` fetch it.

        Where its provider finds no identity, and no rule has chosen it, who else is asked may have a login.
        """
        outcome: Outcome
        try:
            outcome = self._one(inquiry, fresh=fresh)
        except NoIdentity as error:
            outcome = error
        if (second := _second(inquiry, outcome)) is not None:
            found = self._one(second, fresh=fresh)
            if not isinstance(found, Anonymous):
                return second, found
        return _settled(inquiry, outcome)

    async def answer_async(self, inquiry: Inquiry) -> Answered:
        """Return the same without blocking the event loop."""
        outcome: Outcome
        try:
            outcome = await self._one_async(inquiry)
        except NoIdentity as error:
            outcome = error
        if (second := _second(inquiry, outcome)) is not None:
            found = await self._one_async(second)
            if not isinstance(found, Anonymous):
                return second, found
        return _settled(inquiry, outcome)

    def _one(self, inquiry: Inquiry, *, fresh: bool) -> Answer:
        demand = replace(self.demand, fresh=True) if fresh else self.demand
        known = self._answers.remembered(inquiry, demand)
        return known or self._answers.fetch(inquiry, demand, self._answers.deadline(self._deadline))

    async def _one_async(self, inquiry: Inquiry) -> Answer:
        known = self._answers.remembered(inquiry, self.demand)
        return known or await self._answers.fetch_async(
            inquiry, self.demand, self._answers.deadline(self._deadline)
        )

    def _without(self, refused: Credential | None) -> Inquiry:
        inquiry = self.inquire()
        if refused is not None:
            self._answers.discard(inquiry, refused)
            if inquiry.otherwise is not None:
                self._answers.discard(inquiry.otherwise(), refused)
        return inquiry


@dataclass(frozen=True, slots=True)
class Given:
    """A credential that the caller brought: there is no other, also where it is refused."""

    credential: Answer

    def current(self, refused: Credential | None) -> Answer:
        """Return it."""
        return self.credential

    async def current_async(self, refused: Credential | None) -> Answer:
        """Return it."""
        return self.current(refused)


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
