"""What a front end asks: a broker, or what stands for one."""

from __future__ import annotations

from typing import Protocol

from ocibroker.access import Access
from ocibroker.config import Config
from ocibroker.explanation import Explanation
from ocibroker.target import Target


class Asked(Protocol):
    """All of it raises :class:`~ocibroker.errors.OcibrokerError`."""

    @property
    def config(self) -> Config:
        """The configuration, whose rules a front end may list."""
        ...

    def access(self, target: Target, *, deadline: float = 30.0) -> Access:
        """Return the credential for ``target``, and the transport that goes with it."""
        ...

    def explain(self, target: Target) -> Explanation:
        """Return what would answer for ``target``."""
        ...
