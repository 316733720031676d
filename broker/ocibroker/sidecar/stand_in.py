"""What a front end asks in the sidecar: it knows answers already, or notes which one is wanted.

Front ends are pure functions that ask and wait; on an event loop nobody may wait. So one is run, and run again once
the answer is there that it stopped for.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from ocibroker.access import Access
from ocibroker.broker import Broker
from ocibroker.clock import Clock
from ocibroker.config import Config
from ocibroker.credential import Anonymous, Credential
from ocibroker.errors import CannotCarry, OcibrokerError
from ocibroker.explanation import Explanation
from ocibroker.request import Caller
from ocibroker.sidecar.aside import aside
from ocibroker.sidecar.deed import Deed, given, not_given
from ocibroker.sidecar.generation import Generation
from ocibroker.sidecar.reach import Reach
from ocibroker.target import Target


class NotYetKnown(Exception):
    """A front end has asked for what is yet to be learned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a front end asks for: access, or to be told who would answer. ``deadline`` is in seconds."""

    target: Target
    deadline: float = 0.0
    caller: Caller | None = field(repr=False)
    refused: Credential | None = field(default=None, repr=False)
    told: bool = False


Outcome = Access | Explanation | OcibrokerError
T = TypeVar("T", Access, Explanation)


class StandIn:
    """Stands for the broker of ``generation``, as far as ``reach`` goes."""

    def __init__(self, generation: Generation, reach: Reach, endpoint: str = "") -> None:
        self._broker: Final[Broker] = generation.broker
        self._config = generation.config
        self._reach = reach
        self._endpoint = endpoint
        self._known: list[tuple[Wanted, Outcome]] = []
        self._asked = 0
        """How much of that the front end has asked for since it was last begun."""
        self._wanted: Wanted | None = None
        self._deeds: list[Deed] = []

    @property
    def deeds(self) -> tuple[Deed, ...]:
        """What the front end has got, and what not, since it was last begun."""
        return tuple(self._deeds)

    @property
    def config(self) -> Config:
        """The configuration; with exchange nothing of it is listed, since nothing of it is given out."""
        return replace(self._config, rules=()) if self._reach.exchange else self._config

    @property
    def clock(self) -> Clock:
        """The clock by which credentials expire."""
        return self._broker.clock

    def access(
        self,
        target: Target,
        *,
        deadline: float = 30.0,
        caller: Caller | None = None,
        refused: Credential | None = None,
    ) -> Access:
        """Return the access that was learned; raises :class:`NotYetKnown` for one that is yet to be."""
        wanted = Wanted(target=target, deadline=deadline, caller=caller, refused=refused)
        try:
            access = self._checked(self._learned(wanted, Access))
        except OcibrokerError as error:
            self._deeds.append(not_given(error, self._endpoint, target, caller))
            raise
        self._deeds.append(given(access, self._endpoint, caller))
        return access

    def explain(self, target: Target, *, caller: Caller | None = None) -> Explanation:
        """Return what would answer for ``target``."""
        return self._learned(Wanted(target=target, caller=caller, told=True), Explanation)

    async def learn(self) -> None:
        """Have the broker answer what was wanted last; of who wants much, others get their turn meanwhile."""
        if self._known:
            await asyncio.sleep(0)
        if (wanted := self._wanted) is not None:
            self._known[self._asked :] = [(wanted, await self._answered(wanted))]
        self._asked = 0
        self._deeds.clear()

    def _checked(self, access: Access) -> Access:
        self._reach.check_answer(access)
        if self._reach.exchange and not isinstance(access.credential, Anonymous):
            raise CannotCarry(
                "this listener gives tokens of one repository only, which this protocol cannot carry",
                culprit=str(access.target),
                hint="ask POST /v1/credentials, or a listener without exchange",
            )
        return access

    def _learned(self, wanted: Wanted, kind: type[T]) -> T:
        """Return what came of it, or raise that: what is run again asks for the same again, in the same order."""
        if self._asked < len(self._known):
            one, outcome = self._known[self._asked]
            if one == wanted:
                self._asked += 1
                if isinstance(outcome, OcibrokerError):
                    raise outcome.restated()
                if isinstance(outcome, kind):
                    return outcome
        self._reach.check(wanted.target)
        self._wanted = wanted
        raise NotYetKnown

    async def _answered(self, wanted: Wanted) -> Outcome:
        try:
            if wanted.told:
                # It reads files and may run a program, which nobody else should wait for.
                return await aside(lambda: self._broker.explain(wanted.target, caller=wanted.caller), "explain")
            return await self._broker.access_async(
                wanted.target, deadline=wanted.deadline, caller=wanted.caller, refused=wanted.refused
            )
        except OcibrokerError as error:
            return error.restated()
