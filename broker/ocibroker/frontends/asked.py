"""What a front end asks: a broker, or what stands for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ocibroker.access import Access
    from ocibroker.clock import Clock
    from ocibroker.config import Config
    from ocibroker.credential import Credential
    from ocibroker.explanation import Explanation
    from ocibroker.request import Caller
    from ocibroker.target import Target


class Asked(Protocol):
    """All of it raises :class:`~ocibroker.errors.OcibrokerError`."""

    @property
    def config(self) -> Config:
        """The configuration, whose rules a front end may list."""
        ...

    @property
    def clock(self) -> Clock:
        """The clock by which credentials expire."""
        ...

    def access(
        self,
        target: Target,
        *,
        deadline: float = 30.0,
        caller: Caller | None = None,
        refused: Credential | None = None,
    ) -> Access:
        """Return the credential for ``target``, another one than was ``refused``, and the transport for it."""
        ...

    def explain(self, target: Target, *, caller: Caller | None = None) -> Explanation:
        """Return what would answer for ``target``."""
        ...
