"""The providers' answers: remembered, or fetched by one worker for all who wait."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ocibroker.cache import (
    EARLIEST,
    LATEST,
    Draw,
    Entry,
    Flight,
    Flights,
    Memory,
    Moment,
    Standing,
    Start,
    Troubles,
    contained,
    start_thread,
)
from ocibroker.clock import Clock
from ocibroker.credential import Anonymous, Credential
from ocibroker.deadline import Deadline
from ocibroker.errors import (
    ConnectionFailed,
    ContractViolation,
    CredentialUnavailable,
    DeadlineExceeded,
    IdentityRefused,
    NoIdentity,
    OcibrokerError,
    RegistryRefused,
)
from ocibroker.fetching import Fetching
from ocibroker.inquiry import Inquiry

Answer = Credential | Anonymous
Answered = tuple[Inquiry, Answer]
"""Whose answer it is, and the answer."""
Outcome = Answer | NoIdentity

_LOG: Final = logging.getLogger("ocibroker")
_AHEAD: Final = 30.0
"""Seconds for a renewal that nobody waits for."""


class Answers:
    """Answers inquiries from memory, else by a flight. Errors are :class:`~ocibroker.errors.OcibrokerError`.

    With ``ahead``, a credential is renewed before its end while the old one is given out; without, in a process
    that is about to end, only who needs a new one waits for it. ``start`` runs workers, ``draw`` draws the jitter.
    """

    def __init__(
        self, clock: Clock, *, ahead: bool = True, start: Start = start_thread, draw: Draw = random.uniform
    ) -> None:
        self._clock = clock
        self._ahead = ahead
        self._draw = draw
        self._memory = Memory()
        self._flights: Flights[Answer] = Flights(start)
        self._troubles = Troubles(clock, draw)

    def entry(self, inquiry: Inquiry) -> Entry | None:
        """Return what is remembered, usable or not."""
        return self._memory.get(inquiry.key)

    def in_the_way(self, inquiry: Inquiry) -> str | None:
        """Return what went wrong since it last went well, and for how long nobody is asked because of it."""
        return self._troubles.describe(inquiry.key, inquiry.source)

    def remembered(self, inquiry: Inquiry, min_ttl: float) -> Answer | None:
        """Return the answer that needs no waiting, if there is one with ``min_ttl`` seconds of life left."""
        if inquiry.fetching is None:
            return Anonymous(inquiry.selection.why)
        entry = self._memory.get(inquiry.key)
        if entry is None:
            return None
        standing = entry.standing(Moment.now(self._clock), timedelta(seconds=min_ttl))
        if standing is Standing.DUE and self._ahead:
            self._renew(inquiry)
        return entry.answer if standing in {Standing.FRESH, Standing.DUE} else None

    def fetch(self, inquiry: Inquiry, deadline: Deadline) -> Answer:
        """Wait for a flight and return its answer, or what is still valid where it fails."""
        while True:
            if (blocked := self._blocked(inquiry)) is not None:
                return self._settled(inquiry, blocked)
            flight, mine = self._take_off(inquiry, deadline)
            try:
                return flight.future.result(deadline.left())
            except TimeoutError:
                failure: OcibrokerError = self._late(inquiry, flight)
            except OcibrokerError as error:
                if _worth_another(error, deadline, mine=mine):
                    continue
                failure = error.restated()
            return self._settled(inquiry, failure)

    async def fetch_async(self, inquiry: Inquiry, deadline: Deadline) -> Answer:
        """Do the same without blocking the event loop; being cancelled cancels nobody else."""
        import asyncio  # slow, and a command needs none of it

        while True:
            if (blocked := self._blocked(inquiry)) is not None:
                return self._settled(inquiry, blocked)
            flight, mine = self._take_off(inquiry, deadline)
            # A flight cannot be cancelled, so this future needs no shield; under one, nobody would take its outcome
            # once the waiter is gone, and asyncio would log it as an error that was never looked at.
            future = asyncio.wrap_future(flight.future)
            try:
                return await asyncio.wait_for(future, deadline.left())
            except TimeoutError:
                failure: OcibrokerError = self._late(inquiry, flight)
            except OcibrokerError as error:
                if _worth_another(error, deadline, mine=mine):
                    continue
                failure = error.restated()
            return self._settled(inquiry, failure)

    def discard(self, inquiry: Inquiry, refused: Credential) -> None:
        """Forget what the registry turned down; not again and again, since then it is not its age."""
        if self._troubles.renews(inquiry.key):
            self._memory.discard(inquiry.key, refused)

    def deadline(self, seconds: float) -> Deadline:
        """Return the moment ``seconds`` from now."""
        return Deadline.after(seconds, self._clock.monotonic)

    def _renew(self, inquiry: Inquiry) -> None:
        """Have a credential renewed that is still good."""
        if self._blocked(inquiry) is None:
            self._take_off(inquiry, self.deadline(_AHEAD))

    def _blocked(self, inquiry: Inquiry) -> OcibrokerError | None:
        return self._troubles.in_the_way(inquiry.key, inquiry.source)

    def _take_off(self, inquiry: Inquiry, deadline: Deadline) -> tuple[Flight[Answer], bool]:
        rule, fetching = inquiry.selection.rule, inquiry.fetching
        if fetching is None:
            raise ContractViolation("nobody was asked", culprit=str(inquiry.target))
        limit = deadline.no_later_than(rule.timeout if rule else None)
        return self._flights.join(
            inquiry.key, lambda: self._fly(inquiry, fetching, limit), limit, provider=inquiry.culprit
        )

    def _fly(self, inquiry: Inquiry, fetching: Fetching, limit: Deadline) -> Answer:
        try:
            answer = fetching.fetch(limit)
        except BaseException as error:  # noqa: BLE001  # a provider may raise anything, SystemExit included
            failure = contained(error, inquiry.culprit)
        else:
            keep = inquiry.identity.keep if inquiry.identity else None
            share = self._draw(EARLIEST, LATEST)
            self._memory.put(inquiry.key, Entry(answer=answer, at=Moment.now(self._clock), keep=keep, share=share))
            self._troubles.succeeded(inquiry.key, inquiry.source)
            return answer
        self._failed(inquiry, failure)
        raise failure

    def _failed(self, inquiry: Inquiry, failure: OcibrokerError) -> None:
        if isinstance(failure, IdentityRefused):
            self._memory.forget(inquiry.key)
        known = self._troubles.failed(inquiry.key, inquiry.source, failure)
        if known is not None and known.failures == 1 and self._valid(inquiry) is not None:
            _LOG.warning("%s; what it gave before is still valid, and is given out until it expires", failure)

    def _late(self, inquiry: Inquiry, flight: Flight[Answer]) -> DeadlineExceeded:
        late = DeadlineExceeded("did not answer in time", culprit=inquiry.culprit, hint="allow more time")
        if flight.hangs_for_the_first_time():
            self._troubles.failed(inquiry.key, inquiry.source, late)
        return late

    def _settled(self, inquiry: Inquiry, failure: OcibrokerError) -> Answer:
        """Return what is still valid, or anonymous access where the rule allows that; else raise ``failure``."""
        if (valid := self._valid(inquiry)) is not None:
            return valid
        rule = inquiry.selection.rule
        excusable = isinstance(failure, CredentialUnavailable | ConnectionFailed | RegistryRefused)
        if rule is None or not rule.anonymous_fallback or not excusable:
            raise failure
        return Anonymous(f"{inquiry.culprit} failed, and its rule sets anonymous_fallback: {failure.message}")

    def _valid(self, inquiry: Inquiry) -> Answer | None:
        entry = self._memory.get(inquiry.key)
        valid = entry is not None and entry.standing(Moment.now(self._clock), timedelta()).valid
        return entry.answer if entry and valid else None


def _worth_another(error: OcibrokerError, deadline: Deadline, *, mine: bool) -> bool:
    """Whether to begin anew: somebody else's deadline has ended the flight, and not one's own."""
    return isinstance(error, DeadlineExceeded) and not mine and not deadline.passed


class BrokerSource:
    """The credential of one access as of now: what its transport asks before each request."""

    __slots__ = ("_answers", "_deadline", "_min_ttl", "inquire")

    def __init__(self, answers: Answers, inquire: Callable[[], Inquiry], min_ttl: float, deadline: float) -> None:
        self.inquire = inquire
        self._answers = answers
        self._min_ttl = min_ttl
        self._deadline = deadline

    def current(self, refused: Credential | None) -> Answer:
        """Return it, newly fetched where it is due or is the one that was ``refused``."""
        return self.answer(self._without(refused))[1]

    async def current_async(self, refused: Credential | None) -> Answer:
        """Return it without blocking the event loop."""
        return (await self.answer_async(self._without(refused)))[1]

    def answer(self, inquiry: Inquiry) -> Answered:
        """Return what is remembered for ``inquiry``, else fetch it.

        Where its provider finds no identity, and no rule has chosen it, who else is asked may have a login.
        """
        outcome: Outcome
        try:
            outcome = self._one(inquiry)
        except NoIdentity as error:
            outcome = error
        if (second := _second(inquiry, outcome)) is not None:
            found = self._one(second)
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

    def _one(self, inquiry: Inquiry) -> Answer:
        known = self._answers.remembered(inquiry, self._min_ttl)
        return known or self._answers.fetch(inquiry, self._answers.deadline(self._deadline))

    async def _one_async(self, inquiry: Inquiry) -> Answer:
        known = self._answers.remembered(inquiry, self._min_ttl)
        return known or await self._answers.fetch_async(inquiry, self._answers.deadline(self._deadline))

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
