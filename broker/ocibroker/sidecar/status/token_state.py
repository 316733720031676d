"""The word for how things stand with one target."""

from __future__ import annotations

from datetime import datetime
from typing import Final, get_args

from ocibroker.api.status import TokenState
from ocibroker.outlook import Outlook

STATES: Final[tuple[TokenState, ...]] = get_args(TokenState)
"""The worst first."""

LACKING: Final[frozenset[TokenState]] = frozenset({"failing", "expired", "nobody", "waiting"})
"""Those in which there is nothing to give out."""


def state_of(stands: Outlook, now: datetime) -> TokenState:
    """Return the state at ``now`` of what was looked at before."""
    if stands.nobody:
        return "nobody"
    if not stands.usable:
        return "failing" if stands.failures else "waiting"
    if stands.expires_at is not None and stands.expires_at <= now:
        return "expired"
    return _of_what_there_is(stands)


def _of_what_there_is(stands: Outlook) -> TokenState:
    if stands.failures:
        return "stale"
    if stands.anonymous:
        return "anonymous"
    if stands.expires_at is None:
        return "static"
    return "due" if stands.renew_in == 0 else "fresh"
