"""One rule: for which targets, which provider, with which options."""

from __future__ import annotations

from dataclasses import dataclass

from ocibroker.pattern import Pattern
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
