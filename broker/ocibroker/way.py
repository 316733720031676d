"""How an access comes about: with the credential whole, or with a token that was got for it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from ocibroker.answers import Answers
from ocibroker.credential_source import BrokerSource
from ocibroker.inquiry import Inquiry
from ocibroker.recall import Recall
from ocibroker.request import Caller
from ocibroker.target import Target

Inquire = Callable[[Target, Caller | None], Inquiry]


@dataclass(frozen=True, slots=True)
class Way:
    """``at_first`` makes the inquiry of who may be content with what is remembered, ``inquire`` any other.

    ``preparation`` is what an event loop waits for before either.
    """

    answers: Answers
    recall: Recall
    inquire: Inquire
    at_first: Inquire
    preparation: Callable[[Target, Caller | None], Future[object] | None]

    def source(self, target: Target, caller: Caller | None, min_ttl: float, deadline: float) -> BrokerSource:
        """Return what is asked for the credential of an access, now and later."""
        return BrokerSource(
            self.answers,
            lambda: self.inquire(target, caller),
            min_ttl,
            deadline,
            preparation=lambda: self.preparation(target, caller),
        )

    def forked(self) -> None:
        """Begin anew in a child that was forked."""
        self.answers.forked()
        self.recall.forked()

    def close(self) -> None:
        """Forget what was given, and close the store."""
        self.recall.close()
        self.answers.close()
