"""What is done for targets that are to have a credential at any time, whether somebody asks or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Final

from ocibroker.answers import Answers
from ocibroker.auth import Realms
from ocibroker.credential import Anonymous
from ocibroker.demand import Demand
from ocibroker.errors import NoIdentity, OcibrokerError
from ocibroker.inquiry import Inquiry
from ocibroker.origin import Origin
from ocibroker.outlook import Outlook
from ocibroker.request import Caller
from ocibroker.target import Target
from ocibroker.transport.presented import PeerCertificate, Presented

_INSISTING: Final = Demand(timedelta(), fresh=True, careful=True)

Inquire = Callable[[Target, Caller | None], Inquiry]


class Upkeep:
    """Renews, looks and forgets. Its errors are :class:`~ocibroker.errors.OcibrokerError`."""

    def __init__(self, answers: Answers, inquire: Inquire, presented: Presented) -> None:
        self._answers = answers
        self._inquire = inquire
        self._presented = presented

    def outlook(self, target: Target) -> Outlook:
        """Return how things stand with ``target``, and raise what is wrong with its configuration."""
        return self.answering(target)[1]

    def answering(self, target: Target) -> tuple[Inquiry, Outlook]:
        """Return who answers for ``target``, and how things stand there; nobody is asked.

        Raises what is wrong with its configuration.
        """
        found = [(inquiry, self._answers.known.outlook(inquiry)) for inquiry in self._asked(target)]
        return next((one for one in found if one[1].usable and not one[1].anonymous), found[0])

    async def renew(self, target: Target, *, deadline: float = 30.0) -> Outlook:
        """Have the credential fetched, within ``deadline`` seconds and unless that is to wait after a failure."""
        until = self._answers.deadline(deadline)
        for inquiry in self._asked(target):
            if inquiry.fetching is not None:
                await self._answers.renew_async(inquiry, until)
            stands = self._answers.known.outlook(inquiry)
            if not (stands.anonymous or isinstance(stands.error, NoIdentity)):
                return stands
        return self.outlook(target)

    async def refresh(self, target: Target, *, deadline: float = 30.0) -> Outlook:
        """Have the provider asked, whatever is remembered; a failure is raised, and changes nothing of that."""
        until = self._answers.deadline(deadline)
        failure: OcibrokerError | None = None
        for inquiry in self._asked(target):
            try:
                answer = await self._answers.fetch_async(inquiry, _INSISTING, until)
            except NoIdentity as error:
                failure = error.restated()
            else:
                if not isinstance(answer, Anonymous):
                    return self._answers.known.outlook(inquiry)
        if failure is not None:
            raise failure
        return self.outlook(target)

    def forget(self, target: Target) -> bool:
        """Forget what is remembered for ``target``, and return whether that was anything."""
        return sum(self._answers.known.forget(inquiry) for inquiry in self._asked(target)) > 0

    def peers(self, inquiry: Inquiry) -> tuple[PeerCertificate, ...]:
        """Return what the registry, its token endpoints and whom the provider has asked presented; by their names.

        Nobody is connected to: a host with which nobody has shaken hands is left out.
        """
        elsewhere = Realms(inquiry.origin, inquiry.selection.realms).elsewhere
        realms = {Origin.parse(f"https://{realm}") for realm in elsewhere}
        origins = {inquiry.origin, *realms, *self._answers.known.asked.of(inquiry.key)}
        found = filter(None, map(self._presented.of, origins))
        return tuple(sorted(found, key=lambda one: str(one.origin)))

    def silent(self) -> tuple[str, ...]:
        """Return who is left alone, since it did not answer in time."""
        return self._answers.known.troubles.silent()

    def remembered(self) -> int:
        """Return how many answers there are."""
        return len(self._answers.known)

    def sealing(self) -> str:
        """Return the id of the key that new entries of a shared store are sealed with; empty where none is."""
        return self._answers.known.sealing

    def trouble(self) -> str:
        """Return what is wrong with the store, while it is; empty where all is well."""
        return self._answers.known.trouble

    def evicted(self) -> Mapping[str, int]:
        """Return how many answers have been dropped, by the reason; what has expired is none of them."""
        memory = self._answers.known.memory
        return {"full": memory.crowded_out, "forgotten": memory.forgotten}

    def hanging(self) -> Mapping[str, int]:
        """Return how many fetches of each provider have not ended long after their deadline."""
        return self._answers.hanging()

    def settle(self, seconds: float) -> None:
        """Wait for the fetches under way, at most so many seconds."""
        self._answers.settle(seconds)

    def _asked(self, target: Target) -> Iterator[Inquiry]:
        """Yield who is asked, one after the other."""
        inquiry = self._inquire(target, None)
        yield inquiry
        if inquiry.otherwise is not None:
            yield inquiry.otherwise()
