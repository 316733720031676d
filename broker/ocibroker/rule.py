"""One rule: for which targets, which provider, with which options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ocibroker.pattern import Pattern
from ocibroker.reference import SecretRef
from ocibroker.references import all_references
from ocibroker.request import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A ``[[registry]]`` table, checked.

    ``options`` are those of the provider's schema, none where the provider could not be loaded. ``realms`` are
    token endpoints on other hosts that may receive the credential, as ``host[:port]``. ``timeout`` is in seconds
    and total. ``account`` is whom it is for, where somebody has to name the account. ``source`` says where the rule
    stands.
    """

    pattern: Pattern
    provider: str
    options: Options | None
    source: str
    anonymous_fallback: bool = False
    realms: tuple[str, ...] = ()
    timeout: float | None = None
    account: str = ""

    @property
    def references(self) -> Iterator[SecretRef]:
        """Every reference to a secret among its options, those by which a store is entered included."""
        return all_references(self.options) if self.options is not None else iter(())

    @property
    def needed(self) -> tuple[str, ...]:
        """The plugins that it needs: its provider's, and those that read secrets out of stores for it."""
        from ocibroker.providers.stores import STORES  # here, since only a check asks

        stores = (one.kept.source_name for one in self.references if one.kept)
        return tuple(dict.fromkeys((self.provider, *(STORES[name] for name in stores if name in STORES))))
