"""What a provider is asked for beside a credential: by one worker for all who want the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from ocibroker.cache import Flight, Flights, cache_key, options_digest
from ocibroker.deadline import Deadline
from ocibroker.errors import DeadlineExceeded, OcibrokerError
from ocibroker.fetching import Fetching


@dataclass(frozen=True, slots=True)
class Errand:
    """Work for ``provider``; ``key`` names it among all."""

    key: str
    provider: str
    work: Callable[[Deadline], Any]

    @classmethod
    def of(cls, what: str, fetching: Fetching, work: Callable[[Deadline], Any]) -> Self:
        """Return the errand to ask for ``what``; it is the same one for equal identities and targets."""
        provider, options = fetching.provider.name, options_digest(fetching.options, fetching.means.environ)
        key = cache_key(provider, options, fetching.identity(), (), f"{what} {fetching.target}")
        return cls(key, provider, work)


class Errands:
    """Waits for errands. Errors are :class:`~ocibroker.errors.OcibrokerError`, whatever the work raises."""

    def __init__(self) -> None:
        self._flights: Flights[Any] = Flights()

    def run(self, errand: Errand, deadline: Deadline) -> Any:  # noqa: ANN401  # what the work gives
        """Return what the work gives."""
        flight = self._board(errand, deadline)
        try:
            return flight.future.result(deadline.left())
        except TimeoutError:
            failure: OcibrokerError = self._late(errand, flight)
        except OcibrokerError as error:  # others may get the same one
            failure = error.restated()
        raise failure

    async def run_async(self, errand: Errand, deadline: Deadline) -> Any:  # noqa: ANN401  # as above
        """Do the same without blocking the event loop."""
        import asyncio  # slow, and a command needs none of it

        flight = self._board(errand, deadline)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(flight.future), deadline.left())
        except TimeoutError:
            failure: OcibrokerError = self._late(errand, flight)
        except OcibrokerError as error:
            failure = error.restated()
        raise failure

    def forked(self) -> None:
        """Begin anew in a child: the workers are its parent's."""
        self._flights.forked()

    def _board(self, errand: Errand, deadline: Deadline) -> Flight[Any]:
        flight, _ = self._flights.join(
            errand.key, lambda: errand.work(deadline), deadline, provider=errand.provider
        )
        return flight

    def _late(self, errand: Errand, flight: Flight[Any]) -> DeadlineExceeded:
        flight.late_for_the_first_time()
        return DeadlineExceeded(
            "did not answer in time", culprit=f"provider {errand.provider}", hint="allow more time"
        )
