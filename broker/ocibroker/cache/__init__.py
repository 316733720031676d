"""What is remembered, under which name, and who fetches it."""

from ocibroker.cache.entry import Entry
from ocibroker.cache.flights import Flights
from ocibroker.cache.key import cache_key, options_digest
from ocibroker.cache.memory import Memory

__all__ = ["Entry", "Flights", "Memory", "cache_key", "options_digest"]
