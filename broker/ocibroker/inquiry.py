"""A target, taken through rules, policy and identity up to the name of its cache entry; nothing fetched yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ocibroker.fetching import Fetching
from ocibroker.footing import Footing
from ocibroker.identity import Identity
from ocibroker.origin import Origin
from ocibroker.selection import Selection
from ocibroker.target import Target
from ocibroker.tls import Contents
from ocibroker.watch import Look, Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """``fetching`` and ``identity`` are none, and ``key`` empty, where nobody answers for the target.

    ``shared_key`` names the entry where machines share one, and is empty where the identity means another on each.
    ``footing`` is how hosts are reached, ``trust`` what the files of the host's policy hold, ``looks`` what
    ``watch`` saw. ``otherwise`` makes the inquiry at who is asked where this one's provider finds no identity.
    """

    target: Target
    origin: Origin
    selection: Selection
    footing: Footing
    trust: Contents
    fetching: Fetching | None = None
    identity: Identity | None = None
    key: str = ""
    shared_key: str = ""
    watch: Watch | None = None
    looks: tuple[Look, ...] = ()
    otherwise: Callable[[], Inquiry] | None = None

    @property
    def stands(self) -> bool:
        """Whether the files that the identity depends on look as they did."""
        return self.watch is None or self.watch.seen() == self.looks

    @property
    def provider(self) -> str | None:
        """The name of who answers."""
        return self.selection.provider.name if self.selection.provider else None

    @property
    def source(self) -> str:
        """Where the credential comes from: the provider as a rule sets it up, or as nobody does."""
        rule = self.selection.rule
        return f"{self.culprit} by {rule.source}" if rule else self.culprit

    @property
    def culprit(self) -> str:
        """Whom an error of the fetch names."""
        return f"provider {self.provider}"
