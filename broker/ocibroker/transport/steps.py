"""What an authentication asks of the transport that drives it, so that it does no I/O itself.

A flow is a generator: it yields a step, is sent the answer, and returns the response for the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final, Protocol, cast

import httpx

from ocibroker.credential import Anonymous, Credential

REFUSALS: Final = frozenset({400, 403})
"""Statuses by which some registries say that a credential has expired. Such an answer is set aside: a flow may give
it back after it has sent something else."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send this request; with ``whole``, read the answer's body up to a bound before handing it over."""

    request: httpx.Request
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for the credential as of now; ``refused`` is the one that has just been turned down."""

    refused: Credential | None = None


Step = Send | Ask
Answer = httpx.Response | Credential | Anonymous
Flow = Generator[Step, Answer, httpx.Response]
Authentication = Callable[[httpx.Request], Flow]


def send(request: httpx.Request, *, whole: bool = False) -> Flow:
    """Yield a :class:`Send` and return its response."""
    return cast("httpx.Response", (yield Send(request, whole)))


def ask(refused: Credential | None = None) -> Generator[Step, Answer, Credential | Anonymous]:
    """Yield an :class:`Ask` and return the credential."""
    return cast("Credential | Anonymous", (yield Ask(refused)))


class Source(Protocol):
    """Who knows the credential as of now."""

    def current(self, refused: Credential | None) -> Credential | Anonymous:
        """Return it, newly fetched where it is due or is the one that was ``refused``."""
        ...

    async def current_async(self, refused: Credential | None) -> Credential | Anonymous:
        """Return it without blocking the event loop."""
        ...
