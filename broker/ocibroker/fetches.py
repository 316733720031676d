"""What one worker does for all who wait: it looks into the store, asks the provider, and keeps what it gave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from ocibroker.cache import EARLIEST, LATEST, Draw, Entry, Standing, contained
from ocibroker.credential import Anonymous
from ocibroker.deadline import Deadline
from ocibroker.demand import Answer, Demand
from ocibroker.errors import DeadlineExceeded, IdentityRefused, OcibrokerError
from ocibroker.events import Failing, Fetched, Recovered, Report, Trigger
from ocibroker.fetching import Fetching
from ocibroker.inquiry import Inquiry
from ocibroker.known import Known
from ocibroker.leased import Leased, Lent
from ocibroker.origin import Origin
from ocibroker.tracing import span

_SPAN: Final = "broker.provider.refresh"


class Fetches:
    """Changes what is ``known``; ``draw`` draws the jitter of the next renewal, ``report`` is told what happens."""

    def __init__(self, known: Known, draw: Draw, report: Report) -> None:
        self._known = known
        self._draw = draw
        self._report = report

    def fly(self, inquiry: Inquiry, fetching: Fetching, demand: Demand, limit: Deadline) -> Answer:
        """Return what is known by now, else what the provider gives; one process at a time asks it.

        Raises :class:`~ocibroker.errors.OcibrokerError` whatever the provider raises, and remembers it.
        """
        try:
            # Another flight may have landed since the caller looked, and another process may have fetched it.
            known = self._good(self._known.memory.get(inquiry.key), demand)
            if known is not None or (known := self._kept(inquiry, demand)) is not None:
                return known
            store, key = self._known.place(inquiry)
            with store.turn(key, limit) as waited:
                if (known := self._kept(inquiry, demand)) is not None:
                    return known
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
        store, key = self._known.place(inquiry)
        entry = None if demand.fresh else store.get(key, self._known.now)
        if entry is None:
            return None
        self._known.memory.put(inquiry.key, entry)
        return self._good(entry, demand)

    def _good(self, entry: Entry | None, demand: Demand) -> Answer | None:
        """Return the answer of ``entry`` where nobody needs to be asked."""
        if entry is None or demand.fresh:
            return None
        enough = {Standing.FRESH} if demand.advisory else {Standing.FRESH, Standing.DUE}
        return entry.answer if entry.standing(self._known.now, demand.min_ttl) in enough else None

    def _fetched(self, inquiry: Inquiry, fetching: Fetching, demand: Demand, limit: Deadline) -> Answer:
        leased: list[Leased] = []
        answer, now = self._asked(inquiry, fetching, demand, limit, leased.append), self._known.now
        keep = _keep(inquiry, fetching, answer, [one.ends_at - now.wall for one in leased])
        entry = Entry(answer=answer, at=now, keep=keep, share=self._draw(EARLIEST, LATEST))
        self._known.memory.put(inquiry.key, entry)
        trouble, provider = self._known.troubles.succeeded(inquiry.key, inquiry.source), fetching.provider.name
        if trouble is not None:
            self._report(Recovered(target=inquiry.target, provider=provider, failures=trouble.failures))
        store, key = self._known.place(inquiry)
        store.put(key, entry, provider)
        return answer

    def _asked(self, inquiry: Inquiry, fetching: Fetching, demand: Demand, limit: Deadline, lent: Lent) -> Answer:
        trigger, began = self._trigger(inquiry, demand), self._known.elapsed
        answer, error, ident, asked = None, "", "", set[Origin]()
        try:
            with span(_SPAN, {"ocibroker.provider": fetching.provider.name, "ocibroker.trigger": trigger}):
                answer = fetching.fetch(
                    limit, min_ttl=demand.min_ttl, refused=demand.refused, asked=asked.add, lent=lent
                )
        except BaseException as failure:
            error, ident = type(failure).__name__, getattr(failure, "request_id", "")
            raise
        finally:
            self._known.asked.note(inquiry.key, frozenset(asked))
            self._report(
                Fetched(
                    target=inquiry.target,
                    provider=fetching.provider.name,
                    trigger=trigger,
                    seconds=self._known.elapsed - began,
                    anonymous=isinstance(answer, Anonymous),
                    expires_at=getattr(answer, "expires_at", None),
                    error=error,
                    request_id=ident,
                )
            )
        return answer

    def _trigger(self, inquiry: Inquiry, demand: Demand) -> Trigger:
        entry = self._known.memory.get(inquiry.key)
        if demand.fresh or entry is None:
            return "forced" if demand.fresh else "miss"
        good = entry.standing(self._known.now, timedelta()) in {Standing.FRESH, Standing.DUE}
        return "advisory" if good and demand.advisory else "mandatory"

    def _failed(self, inquiry: Inquiry, failure: OcibrokerError) -> None:
        if isinstance(failure, IdentityRefused):
            self._known.forget(inquiry)
        if isinstance(failure, DeadlineExceeded):  # who waits counts it
            return
        known = self._known.troubles.failed(inquiry.key, inquiry.source, failure)
        self._report(
            Failing(
                target=inquiry.target,
                provider=inquiry.provider or "none",
                failures=known.failures,
                pause=known.pause.total_seconds(),
                valid=self._known.valid(inquiry) is not None,
                reason=failure,
            )
        )


def _keep(inquiry: Inquiry, fetching: Fetching, answer: Answer, lives: Sequence[timedelta]) -> timedelta | None:
    """Return how long ``answer`` is believed; who gave what expires has said so, whatever it was asked with.

    ``lives`` are how long what was read for it still lives.
    """
    bounds = [inquiry.identity.keep if inquiry.identity else None]
    if not isinstance(answer, Anonymous) and answer.expires_at is None:
        bounds += [fetching.keep, *lives]
    return min((bound for bound in bounds if bound is not None), default=None)
