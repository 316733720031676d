"""What carries a request to the host that it names, with that host's own trust, and nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import httpx


class Wire(Protocol):
    """Sends requests as they are: no credential is added, no redirect followed, no challenge answered.

    All errors are :class:`~ocibroker.errors.OcibrokerError`.
    """

    @property
    def whose(self) -> str:
        """Whose TLS it is, for error texts."""
        ...

    def send(self, request: httpx.Request) -> httpx.Response:
        """Return the response, its body unread."""
        ...

    async def send_async(self, request: httpx.Request) -> httpx.Response:
        """Return the response, its body unread."""
        ...

    async def rest(self) -> None:
        """Close what is idle and belongs to the running event loop, which may be about to end."""
        ...
