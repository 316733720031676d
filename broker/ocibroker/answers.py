"""The providers' answers: remembered, or fetched by one worker for all who wait."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta

from ocibroker.cache import Entry, Flights, Memory
from ocibroker.clock import Clock
from ocibroker.credential import Anonymous, Credential
from ocibroker.deadline import Deadline
from ocibroker.errors import (
    ConnectionFailed,
    ContractViolation,
    CredentialUnavailable,
    DeadlineExceeded,
    OcibrokerError,
    RegistryRefused,
)
from ocibroker.inquiry import Inquiry

Answer = Credential | Anonymous


class Answers:
    """Answers inquiries from memory, else by a flight. Errors are :class:`~ocibroker.errors.OcibrokerError`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._memory = Memory()
        self._flights: Flights[Answer] = Flights()

    def entry(self, inquiry: Inquiry) -> Entry | None:
        """Return what is remembered, usable or not."""
        return self._memory.get(inquiry.key)

    def remembered(self, inquiry: Inquiry, min_ttl: float) -> Answer | None:
        """Return the answer that needs no work, if there is one with ``min_ttl`` seconds of life left."""
        if inquiry.fetching is None:
            return Anonymous(inquiry.selection.why)
        entry = self._memory.get(inquiry.key)
        usable = entry is not None and entry.usable(self._clock.now(), timedelta(seconds=min_ttl))
        return entry.answer if entry and usable else None

    def fetch(self, inquiry: Inquiry, deadline: Deadline) -> Answer:
        """Wait for a flight and return its answer."""
        future = self._take_off(inquiry, deadline)
        try:
            return future.result(deadline.left())
        except TimeoutError:
            failure: OcibrokerError = _late(inquiry)
        except OcibrokerError as error:
            failure = error.restated()
        return _landed(inquiry, failure)

    async def fetch_async(self, inquiry: Inquiry, deadline: Deadline) -> Answer:
        """Wait for a flight without blocking the event loop; being cancelled cancels nobody else."""
        import asyncio  # slow, and a command needs none of it

        # A flight cannot be cancelled, so this future needs no shield; under one, nobody would take its outcome
        # once the waiter is gone, and asyncio would log it as an error that was never looked at.
        future = asyncio.wrap_future(self._take_off(inquiry, deadline))
        try:
            return await asyncio.wait_for(future, deadline.left())
        except TimeoutError:
            failure: OcibrokerError = _late(inquiry)
        except OcibrokerError as error:
            failure = error.restated()
        return _landed(inquiry, failure)

    def discard(self, inquiry: Inquiry, refused: Credential) -> None:
        """Forget what the registry turned down."""
        self._memory.discard(inquiry.key, refused)

    def deadline(self, seconds: float) -> Deadline:
        """Return the moment ``seconds`` from now."""
        return Deadline.after(seconds, self._clock.monotonic)

    def _take_off(self, inquiry: Inquiry, deadline: Deadline) -> Future[Answer]:
        rule, fetching = inquiry.selection.rule, inquiry.fetching
        if fetching is None:
            raise ContractViolation("nobody was asked", culprit=str(inquiry.target))
        limit = deadline.no_later_than(rule.timeout if rule else None)

        def work() -> Answer:
            answer = fetching.fetch(limit)
            keep = inquiry.identity.keep if inquiry.identity else None
            self._memory.put(inquiry.key, Entry(answer, self._clock.now(), keep))
            return answer

        return self._flights.join(inquiry.key, work, culprit=inquiry.culprit)


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
        return self.answer(self._without(refused))

    async def current_async(self, refused: Credential | None) -> Answer:
        """Return it without blocking the event loop."""
        return await self.answer_async(self._without(refused))

    def answer(self, inquiry: Inquiry) -> Answer:
        """Return what is remembered for ``inquiry``, else fetch it."""
        known = self._answers.remembered(inquiry, self._min_ttl)
        return _told(inquiry, known or self._answers.fetch(inquiry, self._answers.deadline(self._deadline)))

    async def answer_async(self, inquiry: Inquiry) -> Answer:
        """Return the same without blocking the event loop."""
        known = self._answers.remembered(inquiry, self._min_ttl)
        found = known or await self._answers.fetch_async(inquiry, self._answers.deadline(self._deadline))
        return _told(inquiry, found)

    def _without(self, refused: Credential | None) -> Inquiry:
        inquiry = self.inquire()
        if refused is not None:
            self._answers.discard(inquiry, refused)
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


def _told(inquiry: Inquiry, answer: Answer) -> Answer:
    """Return ``answer``; where the last of all had none, its reason says so."""
    if inquiry.selection.last and isinstance(answer, Anonymous):
        return Anonymous(f"no rule matches {inquiry.target}, and {answer.reason}")
    return answer


def _late(inquiry: Inquiry) -> DeadlineExceeded:
    return DeadlineExceeded("did not answer in time", culprit=inquiry.culprit, hint="allow more time")


def _landed(inquiry: Inquiry, failure: OcibrokerError) -> Answer:
    """Raise ``failure``, or answer with anonymous access where the rule says that it may be."""
    rule = inquiry.selection.rule
    excusable = isinstance(failure, CredentialUnavailable | ConnectionFailed | RegistryRefused)
    if rule is None or not rule.anonymous_fallback or not excusable:
        raise failure
    return Anonymous(f"{inquiry.culprit} failed, and its rule sets anonymous_fallback: {failure.message}")
