"""The providers' answers: remembered, or fetched by one worker for all who wait."""

from __future__ import annotations

from collections.abc import Mapping
from threading import TIMEOUT_MAX
from typing import Final

from ocibroker.cache import (
    Draw,
    Entry,
    Flight,
    Flights,
    Memory,
    Moment,
    Standing,
    Start,
    Store,
    Troubles,
    drawn,
    failed_flight,
    start_thread,
)
from ocibroker.clock import Clock
from ocibroker.credential import Anonymous
from ocibroker.deadline import Deadline
from ocibroker.demand import RENEWAL, Answer, Demand
from ocibroker.errors import (
    ConnectionFailed,
    ContractViolation,
    CredentialUnavailable,
    DeadlineExceeded,
    OcibrokerError,
    RegistryRefused,
)
from ocibroker.events import Answered, Outcome, Report
from ocibroker.fetches import Fetches
from ocibroker.inquiry import Inquiry
from ocibroker.known import Known
from ocibroker.tracing import carried, span

_AHEAD: Final = 30.0
"""Seconds for a renewal that nobody waits for."""
_SPAN: Final = "broker.get_token"
_GRACE: Final = 0.05
"""Seconds in which a flight whose deadline has passed may still say what it was waiting for."""


class Answers:
    """Answers inquiries from memory, else by a flight. Errors are :class:`~ocibroker.errors.OcibrokerError`.

    With ``ahead``, a credential is renewed before its end while the old one is given out; without, in a process
    that is about to end, only who needs a new one waits for it. A flight looks into ``store`` before it asks; one
    that machines share is for identities that mean the same on all of them. ``start`` runs workers, ``draw``
    draws the jitter, ``report`` is told what happens. What ``before`` remembers of answers and failures is shared
    with it, unless what has changed since may have ``mended`` the failures: equal keys mean the same credential,
    whoever fetched it. ``known`` is all that is remembered.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        store: Store | None = None,
        ahead: bool = True,
        start: Start = start_thread,
        draw: Draw = drawn,
        report: Report | None = None,
        before: Answers | None = None,
        mended: bool = False,
    ) -> None:
        self._clock = clock
        self._ahead = ahead
        self._report = report or Report()
        memory: Memory = before.known.memory if before is not None else Memory()
        known = None if before is None or mended else before.known.troubles
        troubles: Troubles = known or Troubles(clock, draw, self._report)
        asked = before.known.asked if before is not None else None
        self.known: Known = Known(clock, memory, troubles, store, asked)
        self._fetches = Fetches(self.known, draw, self._report)
        self._flights: Flights[Answer] = Flights(start)

    def settle(self, seconds: float) -> None:
        """Wait for the flights under way, at most so many seconds."""
        self._flights.wait(seconds)

    def remembered(self, inquiry: Inquiry, demand: Demand, again: Answer | None = None) -> Answer | None:
        """Return the answer that needs no waiting, if there is one; with ``again``, only where it is that."""
        if inquiry.fetching is None:
            nobody = Anonymous(inquiry.selection.why)
            self._gave(inquiry, "hit", nobody)
            return nobody
        entry = None if demand.fresh else self.known.memory.get(inquiry.key)
        if entry is None:
            return None
        now = self.known.now
        standing = entry.standing(now, demand.min_ttl)
        if standing is Standing.DUE and self._ahead and not self.known.troubles.pauses(inquiry.key):
            self._renew(inquiry)
        answer = entry.answer
        if standing not in (Standing.FRESH, Standing.DUE) or (again is not None and answer is not again):
            return None
        self._gave(inquiry, "hit", answer, entry, now)
        return answer

    def fetch(self, inquiry: Inquiry, demand: Demand, deadline: Deadline) -> Answer:
        """Wait for a flight and return its answer, or what is still valid where it fails."""
        with span(_SPAN, _attributes(inquiry)):
            return self._fetch(inquiry, demand, deadline)

    async def fetch_async(self, inquiry: Inquiry, demand: Demand, deadline: Deadline) -> Answer:
        """Do the same without blocking the event loop; being cancelled cancels nobody else."""
        with span(_SPAN, _attributes(inquiry)):
            return await self._fetch_async(inquiry, demand, deadline)

    async def renew_async(self, inquiry: Inquiry, deadline: Deadline) -> None:
        """Have it fetched, or looked up in the store, for nobody, and wait; :attr:`known` says what came of it.

        Nobody is asked in the pause after a failure.
        """
        import asyncio  # slow, and a command needs none of it

        flight, _ = self._board(inquiry, RENEWAL, deadline)
        try:
            await asyncio.wait_for(asyncio.wrap_future(flight.future), _wait(flight, deadline))
        except (TimeoutError, OcibrokerError) as error:
            self._missed(inquiry, flight, error)

    def hanging(self) -> Mapping[str, int]:
        """Return how many workers of each provider were written off, and have not come back."""
        return self._flights.hanging()

    def deadline(self, seconds: float) -> Deadline:
        """Return the moment ``seconds`` from now."""
        return Deadline.after(seconds, self._clock.monotonic)

    def forked(self) -> None:
        """Begin anew in a child that was forked: who worked for this process is not there."""
        self.known.forked()
        self._flights.forked()

    def close(self) -> None:
        """Close the store."""
        self.known.close()

    def _fetch(self, inquiry: Inquiry, demand: Demand, deadline: Deadline) -> Answer:
        answer: Answer | None = None
        while answer is None:
            flight, mine = self._board(inquiry, demand, deadline)
            try:
                answer = self._accepted(inquiry, demand, flight.future.result(_wait(flight, deadline)), mine=mine)
            except (TimeoutError, OcibrokerError) as error:
                answer = self._without(inquiry, demand, deadline, flight, error, mine=mine)
        return answer

    async def _fetch_async(self, inquiry: Inquiry, demand: Demand, deadline: Deadline) -> Answer:
        import asyncio  # slow, and a command needs none of it

        answer: Answer | None = None
        while answer is None:
            flight, mine = self._board(inquiry, demand, deadline)
            seconds = _wait(flight, deadline)
            # A flight cannot be cancelled, so this future needs no shield; under one, nobody would take its outcome
            # once the waiter is gone, and asyncio would log it as an error that was never looked at.
            future = asyncio.wrap_future(flight.future)
            try:
                found = await asyncio.wait_for(future, seconds)
                answer = self._accepted(inquiry, demand, found, mine=mine)
            except (TimeoutError, OcibrokerError) as error:
                answer = self._without(inquiry, demand, deadline, flight, error, mine=mine)
        return answer

    def _renew(self, inquiry: Inquiry) -> None:
        """Have a credential renewed that is still good; nobody waits for it."""
        self._board(inquiry, RENEWAL, self.deadline(_AHEAD))

    def _board(self, inquiry: Inquiry, demand: Demand, deadline: Deadline) -> tuple[Flight[Answer], bool]:
        """Return a flight, one that has failed already where nobody is to be asked, and whether it begins now."""
        rule, fetching = inquiry.selection.rule, inquiry.fetching
        if fetching is None:
            raise ContractViolation("nobody was asked", culprit=str(inquiry.target))
        blocked = None if demand.fresh else self.known.troubles.in_the_way(inquiry.key, inquiry.source)
        if blocked is not None:
            return failed_flight(blocked, deadline), True
        limit = deadline.no_later_than(rule.timeout if rule else None)

        def work() -> Answer:
            return self._fetches.fly(inquiry, fetching, demand, limit)

        return self._flights.join(inquiry.key, carried(work), limit, provider=inquiry.culprit)

    def _missed(self, inquiry: Inquiry, flight: Flight[Answer], error: Exception) -> OcibrokerError:
        """Return why a waiter has no answer."""
        if isinstance(error, TimeoutError | DeadlineExceeded) and flight.late_for_the_first_time():
            self.known.troubles.late(inquiry.source)
        if isinstance(error, OcibrokerError):
            return error.restated()
        return DeadlineExceeded("did not answer in time", culprit=inquiry.culprit, hint="allow more time")

    def _accepted(self, inquiry: Inquiry, demand: Demand, answer: Answer, *, mine: bool) -> Answer | None:
        """Return ``answer``, or none to begin anew: another caller's flight was content with less life."""
        if demand.fresh and not mine:
            return None
        entry = None if mine else self.known.memory.get(inquiry.key)
        if entry is not None and entry.standing(self.known.now, demand.min_ttl) is Standing.SHORT:
            return None
        self._gave(inquiry, "refreshed" if mine else "coalesced", answer)
        return answer

    def _without(
        self,
        inquiry: Inquiry,
        demand: Demand,
        deadline: Deadline,
        flight: Flight[Answer],
        error: Exception,
        *,
        mine: bool,
    ) -> Answer | None:
        """Return what a caller gets without an answer, or none to begin anew; else raise why there is none.

        Another caller's deadline may have ended the flight, while this one has time left.
        """
        failure = self._missed(inquiry, flight, error)
        if isinstance(failure, DeadlineExceeded) and not mine and not deadline.passed:
            return None
        if (found := self._instead(inquiry, demand, failure)) is not None:
            self._gave(inquiry, "fallback" if isinstance(found, Anonymous) else "stale", found)
            return found
        if self._report.wanted(Answered.level):
            outcome: Outcome = "error" if flight.began else "negative"
            kind = type(failure).__name__
            self._report(Answered(target=inquiry.target, provider=inquiry.provider, outcome=outcome, error=kind))
        raise failure

    def _instead(self, inquiry: Inquiry, demand: Demand, failure: OcibrokerError) -> Answer | None:
        """Return what is still valid, or anonymous access where the rule allows that; else none."""
        if not demand.fresh and (valid := self.known.valid(inquiry)) is not None:
            return valid
        rule = inquiry.selection.rule
        excusable = isinstance(failure, CredentialUnavailable | ConnectionFailed | RegistryRefused)
        if rule is None or not rule.anonymous_fallback or not excusable:
            return None
        return Anonymous(f"{inquiry.culprit} failed, and its rule sets anonymous_fallback: {failure.message}")

    def _gave(
        self,
        inquiry: Inquiry,
        outcome: Outcome,
        answer: Answer,
        entry: Entry | None = None,
        now: Moment | None = None,
    ) -> None:
        """Report that a caller was given ``answer``, and how much of its life is left by the worse clock."""
        if not self._report.wanted(Answered.level):
            return
        entry, now = entry or self.known.memory.get(inquiry.key), now or self.known.now
        if entry is not None and entry.answer is answer:
            left = entry.left(now)
        else:  # another flight has put a newer one in its place
            expires = None if isinstance(answer, Anonymous) else answer.expires_at
            left = expires - now.wall if expires else None
        self._report(
            Answered(
                target=inquiry.target,
                provider=inquiry.provider,
                outcome=outcome,
                seconds_left=None if left is None else left.total_seconds(),
            )
        )


def _attributes(inquiry: Inquiry) -> Mapping[str, str]:
    return {"ocibroker.provider": inquiry.provider or "none", "ocibroker.target": str(inquiry.target)}


def _wait(flight: Flight[Answer], deadline: Deadline) -> float:
    """Return the seconds to wait for ``flight``: by the caller's deadline, and hardly longer than by its own."""
    own = max(flight.deadline.at - flight.deadline.monotonic(), 0.0) + _GRACE
    return min(deadline.left(), own, TIMEOUT_MAX)
