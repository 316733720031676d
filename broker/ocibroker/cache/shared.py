"""The store that a fleet shares, where what it stands on is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocibroker.errors import ConfigurationError

if TYPE_CHECKING:
    from ocibroker.cache.redis import RedisStore
    from ocibroker.clock import Clock
    from ocibroker.config import SharedStore
    from ocibroker.tls import TLSPolicies
    from ocibroker.transport import Route

BUDGET: Final = 0.1
"""Seconds for one look into the store, the connection included."""


def open_shared(
    settings: SharedStore, *, policies: TLSPolicies, clock: Clock, route: Route, budget: float = BUDGET
) -> RedisStore:
    """Return the store that ``settings`` describe; nothing is connected yet.

    Raises :class:`~ocibroker.errors.ConfigurationError` for a key that is none, and where the extra is missing.
    """
    try:
        # Here: only who has configured it pays for it.
        from ocibroker.cache.redis import open_store

        return open_store(settings, policies=policies, clock=clock, route=route, budget=budget)
    except ImportError as error:
        missing = error.name
    raise ConfigurationError(
        f"needs {missing}, which is not installed", culprit=settings.place, hint="pip install 'ocibroker[redis]'"
    )
