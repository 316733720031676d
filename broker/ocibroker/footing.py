"""How hosts are reached by the accesses of one rule: the registry is trusted as the rule's provider says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from ocibroker.deadline import Deadline
from ocibroker.errors import ConfigurationError, IdentityRefused, OcibrokerError
from ocibroker.fetching import Fetching
from ocibroker.identity import Identity
from ocibroker.target import Target
from ocibroker.tls import TLSPolicies
from ocibroker.transport.connections import Connections
from ocibroker.transport.wire import Wire
from ocibroker.trust import Trust
from ocibroker.watch import Look, Watch

if TYPE_CHECKING:
    import httpx

_READING: Final = 10.0
"""Seconds for what reads files only."""
_PAUSE: Final = 5.0
"""Seconds in which nobody is asked again after a failure."""


class Footing(Wire, Protocol):
    """A wire, and the policies under which it connects."""

    @property
    def policies(self) -> TLSPolicies:
        """The policies of now."""
        ...

    def at_hand(self, target: Target) -> bool:
        """Whether it is quick to look at the policy of the target's host."""
        ...


@dataclass(frozen=True, slots=True)
class _Told:
    """What was said, what the files looked like before, and when."""

    trust: Trust | None
    looks: tuple[Look, ...]
    at: float


class RuleFooting:
    """Follows what the provider says of ``host``, which is ``host[:port]``.

    ``connect`` returns the connections for what is said, and the broker's own for nothing.

    What only files say is read when it is needed. Whatever else may play a part is waited for with :meth:`ask`, and
    until then, and where nobody answers, what was said before holds; at first nothing is.
    """

    def __init__(
        self,
        host: str,
        fetching: Fetching,
        identity: Identity,
        connect: Callable[[str, Trust | None], Connections],
    ) -> None:
        self.host: Final = host
        self._fetching = fetching
        self._keep = identity.keep
        self._connect = connect
        self._monotonic = fetching.means.clock.monotonic
        self._watch = Watch(identity.watch, self._monotonic)
        self._told: _Told | None = None
        self._failure: tuple[OcibrokerError, float] | None = None

    @property
    def policies(self) -> TLSPolicies:
        """The policies of now; raises :class:`~ocibroker.errors.OcibrokerError` for what is malformed."""
        return self._current().policies

    def at_hand(self, target: Target) -> bool:
        """Whether nothing has to be read first."""
        return not self._stale and self._connect(self.host, self.trust).at_hand(target)

    @property
    def whose(self) -> str:
        """Whose TLS it is, for error texts."""
        return self._connect(self.host, None).whose

    def send(self, request: httpx.Request) -> httpx.Response:
        """Return the response, its body unread."""
        return self._current().send(request)

    async def send_async(self, request: httpx.Request) -> httpx.Response:
        """Return the response, its body unread."""
        return await self._current().send_async(request)

    async def rest(self) -> None:
        """Close what is idle and belongs to the running event loop."""
        await self._connect(self.host, self.trust).rest()

    @property
    def trust(self) -> Trust | None:
        """What was said the last time."""
        return self._told.trust if self._told else None

    @property
    def known(self) -> bool:
        """Whether anything was said yet."""
        return self._told is not None or self._keep is None

    @property
    def due(self) -> bool:
        """Whether somebody has to wait for :meth:`ask` before the policies are those of now."""
        if self._keep is None:
            return False
        now = self._monotonic()
        if self._failure is not None:
            return now >= self._failure[1] + _PAUSE
        told = self._told
        if told is None or told.looks != self._watch.seen():
            return True
        return now >= told.at + self._keep.total_seconds() / 2

    @property
    def failure(self) -> OcibrokerError | None:
        """What went wrong the last time."""
        return self._failure[0].restated() if self._failure else None

    def ask(self, deadline: Deadline) -> None:
        """Have the provider asked; errors as its own. One that is certain ends what was said before."""
        looks = self._watch.seen()
        try:
            trust = self._fetching.trust(deadline)
            self._connect(self.host, trust)  # so that what contradicts itself is found
        except OcibrokerError as error:
            if isinstance(error, ConfigurationError | IdentityRefused):
                self._told = None
            self._failure = (error.restated(), self._monotonic())
            raise
        self._told, self._failure = _Told(trust, looks, self._monotonic()), None

    def forked(self) -> None:
        """Begin anew in a child: files that were made of what was said are its parent's."""
        self._told = self._failure = None

    @property
    def _stale(self) -> bool:
        """Whether files, and nothing else, say something else by now."""
        return self._keep is None and (self._told is None or self._told.looks != self._watch.seen())

    def _current(self) -> Connections:
        if self._stale:
            self.ask(Deadline.after(_READING, self._monotonic))
        return self._connect(self.host, self.trust)
