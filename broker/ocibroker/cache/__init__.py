"""What is remembered, under which name, and who fetches it."""

from ocibroker.cache.entry import EARLIEST, LATEST, Entry, Standing
from ocibroker.cache.flights import Flight, Flights, contained
from ocibroker.cache.key import cache_key, options_digest
from ocibroker.cache.memory import Memory
from ocibroker.cache.moment import Moment
from ocibroker.cache.trouble import Draw
from ocibroker.cache.troubles import Troubles
from ocibroker.cache.workers import Start, Task, start_thread

__all__ = [
    "EARLIEST",
    "LATEST",
    "Draw",
    "Entry",
    "Flight",
    "Flights",
    "Memory",
    "Moment",
    "Standing",
    "Start",
    "Task",
    "Troubles",
    "cache_key",
    "contained",
    "options_digest",
    "start_thread",
]
