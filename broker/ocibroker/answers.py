"""The providers' answers: remembered, or fetched by one worker for all who wait."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from threading import TIMEOUT_MAX
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
    Nowhere,
    Standing,
    Start,
    Store,
    Troubles,
    contained,
    failed_flight,
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
    OcibrokerError,
    RegistryRefused,
)
from ocibroker.events import Answered, Failing, Fetched, Outcome, Recovered, Report, Trigger
from ocibroker.fetching import Fetching
from ocibroker.inquiry import Inquiry
from ocibroker.outlook import Outlook, outlook

Answer = Credential | Anonymous

_AHEAD: Final = 30.0
"""Seconds for a renewal that nobody waits for."""
_NOWHERE: Final = Nowhere()
_GRACE: Final = 0.05
"""Seconds in which a flight whose deadline has passed may still say what it was waiting for."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What a caller wants: ``min_ttl`` of life left, and with ``fresh`` nothing that was known before.

    ``refused`` is what a registry has just turned down. With ``careful`` a failure is told, and changes nothing of
    what is remembered.
    """

    min_ttl: timedelta
    fresh: bool = False
    refused: Credential | None = None
    careful: bool = False


_RENEWAL: Final = Demand(timedelta())


class Answers:
    """Answers inquiries from memory, else by a flight. Errors are :class:`~ocibroker.errors.OcibrokerError`.

    With ``ahead``, a credential is renewed before its end while the old one is given out; without, in a process
    that is about to end, only who needs a new one waits for it. A flight looks into ``store`` before it asks; one
    that machines share is for identities that mean the same on all of them. ``start`` runs workers, ``draw``
    draws the jitter, ``report`` is told what happens. What ``before`` remembers of answers and failures is shared
    with it: equal keys mean the same credential, whoever fetched it.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        store: Store | None = None,
        ahead: bool = True,
        start: Start = start_thread,
        draw: Draw = random.uniform,
        report: Report | None = None,
        before: Answers | None = None,
    ) -> None:
        self._clock = clock
        self._store = store or Nowhere()
        self._ahead = ahead
        self._draw = draw
        self._report = report or Report()
        self._memory: Memory = before._memory if before is not None else Memory()
        self._flights: Flights[Answer] = Flights(start)
        self._troubles: Troubles = before._troubles if before is not None else Troubles(clock, draw, self._report)

    @property
    def known_by_now(self) -> int:
        """How many answers are remembered."""
        return len(self._memory)

    def entry(self, inquiry: Inquiry) -> Entry | None:
        """Return what is remembered on this machine, usable or not."""
        known = self._memory.get(inquiry.key)
        return known if known or self._store.shared else self._store.get(inquiry.key, self._now)

    def shared(self, inquiry: Inquiry) -> str:
        """Return the URL of where machines share such answers; empty where they do not."""
        return self._place(inquiry)[0].shared

    def in_the_way(self, inquiry: Inquiry) -> str | None:
        """Return what went wrong since it last went well, and for how long nobody is asked because of it."""
        return self._troubles.describe(inquiry.key, inquiry.source)

    def outlook(self, inquiry: Inquiry) -> Outlook:
        """Return how things stand here, whatever a store has."""
        return outlook(self._memory.get(inquiry.key), self._troubles.known(inquiry.key), self._now)

    def silent(self) -> tuple[str, ...]:
        """Return the sources that are left alone, since they did not answer in time."""
        return self._troubles.silent()

    def settle(self, seconds: float) -> None:
        """Wait for the flights under way, at most so many seconds."""
        self._flights.wait(seconds)

    def remembered(self, inquiry: Inquiry, demand: Demand, again: Answer | None = None) -> Answer | None:
        """Return the answer that needs no waiting, if there is one; with ``again``, only where it is that."""
        if inquiry.fetching is None:
            nobody = Anonymous(inquiry.selection.why)
            self._gave(inquiry, "hit", nobody)
            return nobody
        entry = None if demand.fresh else self._memory.get(inquiry.key)
        if entry is None:
            return None
        now = self._now
        standing = entry.standing(now, demand.min_ttl)
        if standing is Standing.DUE and self._ahead and not self._troubles.pauses(inquiry.key):
            self._renew(inquiry)
        answer = entry.answer
        if standing not in (Standing.FRESH, Standing.DUE) or (again is not None and answer is not again):
            return None
        self._gave(inquiry, "hit", answer, entry, now)
        return answer

    def fetch(self, inquiry: Inquiry, demand: Demand, deadline: Deadline) -> Answer:
        """Wait for a flight and return its answer, or what is still valid where it fails."""
        answer: Answer | None = None
        while answer is None:
            flight, mine = self._board(inquiry, demand, deadline)
            try:
                answer = self._accepted(inquiry, demand, flight.future.result(_wait(flight, deadline)), mine=mine)
            except (TimeoutError, OcibrokerError) as error:
                answer = self._without(inquiry, demand, deadline, flight, error, mine=mine)
        return answer

    async def fetch_async(self, inquiry: Inquiry, demand: Demand, deadline: Deadline) -> Answer:
        """Do the same without blocking the event loop; being cancelled cancels nobody else."""
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

    async def renew_async(self, inquiry: Inquiry, deadline: Deadline) -> None:
        """Have it fetched, or looked up in the store, for nobody, and wait; :meth:`outlook` says what came of it.

        Nobody is asked in the pause after a failure.
        """
        import asyncio  # slow, and a command needs none of it

        flight, _ = self._board(inquiry, _RENEWAL, deadline)
        try:
            await asyncio.wait_for(asyncio.wrap_future(flight.future), _wait(flight, deadline))
        except (TimeoutError, OcibrokerError) as error:
            self._missed(inquiry, flight, error)

    def forget(self, inquiry: Inquiry) -> bool:
        """Forget the answer, here and in the store, and return whether there was one."""
        there = self.entry(inquiry) is not None
        self._memory.forget(inquiry.key)
        self._store.forget(inquiry.key)
        return there

    def renews(self, inquiry: Inquiry, refused: Credential) -> bool:
        """Whether what a registry turned down is what is remembered, and is to be fetched anew.

        Not again and again, since then it is not its age. It is dropped from the store, and remembered here until
        there is another: it may be refused for what it is not allowed, and good for all else.
        """
        entry = self._memory.get(inquiry.key)
        if entry is None or entry.answer != refused or not self._troubles.renews(inquiry.key):
            return False
        store, key = self._place(inquiry)
        store.discard(key, refused, self._now)
        return True

    def deadline(self, seconds: float) -> Deadline:
        """Return the moment ``seconds`` from now."""
        return Deadline.after(seconds, self._clock.monotonic)

    def forked(self) -> None:
        """Begin anew in a child that was forked: who worked for this process is not there."""
        for part in (self._memory, self._flights, self._troubles, self._store):
            part.forked()

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def _place(self, inquiry: Inquiry) -> tuple[Store, str]:
        """Return the store for an answer, and the key that it has there."""
        if not self._store.shared:
            return self._store, inquiry.key
        return (self._store, inquiry.shared_key) if inquiry.shared_key else (_NOWHERE, inquiry.key)

    @property
    def _now(self) -> Moment:
        return Moment.now(self._clock)

    def _renew(self, inquiry: Inquiry) -> None:
        """Have a credential renewed that is still good; nobody waits for it."""
        self._board(inquiry, _RENEWAL, self.deadline(_AHEAD))

    def _board(self, inquiry: Inquiry, demand: Demand, deadline: Deadline) -> tuple[Flight[Answer], bool]:
        """Return a flight, one that has failed already where nobody is to be asked, and whether it begins now."""
        rule, fetching = inquiry.selection.rule, inquiry.fetching
        if fetching is None:
            raise ContractViolation("nobody was asked", culprit=str(inquiry.target))
        blocked = None if demand.fresh else self._troubles.in_the_way(inquiry.key, inquiry.source)
        if blocked is not None:
            return failed_flight(blocked, deadline), True
        limit = deadline.no_later_than(rule.timeout if rule else None)

        def work() -> Answer:
            return self._fly(inquiry, fetching, demand, limit)

        return self._flights.join(inquiry.key, work, limit, provider=inquiry.culprit)

    def _fly(self, inquiry: Inquiry, fetching: Fetching, demand: Demand, limit: Deadline) -> Answer:
        try:
            if (kept := self._kept(inquiry, demand)) is not None:
                return kept
            store, key = self._place(inquiry)
            with store.turn(key, limit) as waited:
                # Another process may have fetched it meanwhile.
                if (kept := self._kept(inquiry, demand)) is not None:
                    return kept
                if not waited:
                    return self._fetched(inquiry, fetching, demand, limit)
            # Who came first has left nothing: it has failed, or its answer is none to keep.
            return self._fetched(inquiry, fetching, demand, limit)
        except BaseException as error:  # noqa: BLE001  # a provider may raise anything, SystemExit included
            failure = contained(error, inquiry.culprit)
        if not demand.careful:
            self._failed(inquiry, failure)
        raise failure

    def _kept(self, inquiry: Inquiry, demand: Demand) -> Answer | None:
        """Return what the store has and is good enough; what is only valid is kept for when nobody answers."""
        store, key = self._place(inquiry)
        entry = None if demand.fresh else store.get(key, self._now)
        if entry is None:
            return None
        self._memory.put(inquiry.key, entry)
        enough = {Standing.FRESH} if demand is _RENEWAL else {Standing.FRESH, Standing.DUE}
        return entry.answer if entry.standing(self._now, demand.min_ttl) in enough else None

    def _fetched(self, inquiry: Inquiry, fetching: Fetching, demand: Demand, limit: Deadline) -> Answer:
        answer = self._asked(inquiry, fetching, demand, limit)
        keep = inquiry.identity.keep if inquiry.identity else None
        entry = Entry(answer=answer, at=self._now, keep=keep, share=self._draw(EARLIEST, LATEST))
        self._memory.put(inquiry.key, entry)
        trouble, provider = self._troubles.succeeded(inquiry.key, inquiry.source), fetching.provider.name
        if trouble is not None:
            self._report(Recovered(target=inquiry.target, provider=provider, failures=trouble.failures))
        store, key = self._place(inquiry)
        store.put(key, entry, provider)
        return answer

    def _asked(self, inquiry: Inquiry, fetching: Fetching, demand: Demand, limit: Deadline) -> Answer:
        trigger, began = self._trigger(inquiry, demand), self._clock.monotonic()
        answer, error = None, ""
        try:
            answer = fetching.fetch(limit, min_ttl=demand.min_ttl, refused=demand.refused)
        except BaseException as failure:
            error = type(failure).__name__
            raise
        finally:
            self._report(
                Fetched(
                    target=inquiry.target,
                    provider=fetching.provider.name,
                    trigger=trigger,
                    seconds=self._clock.monotonic() - began,
                    anonymous=isinstance(answer, Anonymous),
                    expires_at=getattr(answer, "expires_at", None),
                    error=error,
                )
            )
        return answer

    def _trigger(self, inquiry: Inquiry, demand: Demand) -> Trigger:
        entry = self._memory.get(inquiry.key)
        if demand.fresh or entry is None:
            return "forced" if demand.fresh else "miss"
        good = entry.standing(self._now, timedelta()) in {Standing.FRESH, Standing.DUE}
        return "advisory" if good and demand is _RENEWAL else "mandatory"

    def _failed(self, inquiry: Inquiry, failure: OcibrokerError) -> None:
        if isinstance(failure, IdentityRefused):
            self._memory.forget(inquiry.key)
            store, key = self._place(inquiry)
            store.forget(key)
        if isinstance(failure, DeadlineExceeded):  # who waits counts it
            return
        known = self._troubles.failed(inquiry.key, inquiry.source, failure)
        self._report(
            Failing(
                target=inquiry.target,
                provider=inquiry.provider or "none",
                failures=known.failures,
                pause=known.pause.total_seconds(),
                valid=self._valid(inquiry) is not None,
                reason=failure,
            )
        )

    def _missed(self, inquiry: Inquiry, flight: Flight[Answer], error: Exception) -> OcibrokerError:
        """Return why a waiter has no answer."""
        if isinstance(error, TimeoutError | DeadlineExceeded) and flight.late_for_the_first_time():
            self._troubles.late(inquiry.source)
        if isinstance(error, OcibrokerError):
            return error.restated()
        return DeadlineExceeded("did not answer in time", culprit=inquiry.culprit, hint="allow more time")

    def _accepted(self, inquiry: Inquiry, demand: Demand, answer: Answer, *, mine: bool) -> Answer | None:
        """Return ``answer``, or none to begin anew: another caller's flight was content with less life."""
        if demand.fresh and not mine:
            return None
        entry = None if mine else self._memory.get(inquiry.key)
        if entry is not None and entry.standing(self._now, demand.min_ttl) is Standing.SHORT:
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
        if not demand.fresh and (valid := self._valid(inquiry)) is not None:
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
        entry, now = entry or self._memory.get(inquiry.key), now or self._now
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

    def _valid(self, inquiry: Inquiry) -> Answer | None:
        entry = self._memory.get(inquiry.key)
        valid = entry is not None and entry.standing(self._now, timedelta()).valid
        return entry.answer if entry and valid else None


def _wait(flight: Flight[Answer], deadline: Deadline) -> float:
    """Return the seconds to wait for ``flight``: by the caller's deadline, and hardly longer than by its own."""
    own = max(flight.deadline.at - flight.deadline.monotonic(), 0.0) + _GRACE
    return min(deadline.left(), own, TIMEOUT_MAX)
