"""What is remembered, under which name, and who fetches it."""

from ocibroker.cache.entry import EARLIEST, LATEST, Entry, Standing
from ocibroker.cache.file_store import FileStore, cache_folder
from ocibroker.cache.flights import Flight, Flights, contained, failed_flight
from ocibroker.cache.key import cache_key, options_digest
from ocibroker.cache.memory import Memory
from ocibroker.cache.moment import Moment
from ocibroker.cache.shared import open_shared
from ocibroker.cache.store import Nowhere, Store
from ocibroker.cache.trouble import Draw, Trouble, drawn
from ocibroker.cache.troubles import Troubles
from ocibroker.cache.workers import Start, Task, start_thread

__all__ = [
    "EARLIEST",
    "LATEST",
    "Draw",
    "Entry",
    "FileStore",
    "Flight",
    "Flights",
    "Memory",
    "Moment",
    "Nowhere",
    "Standing",
    "Start",
    "Store",
    "Task",
    "Trouble",
    "Troubles",
    "cache_folder",
    "cache_key",
    "contained",
    "drawn",
    "failed_flight",
    "open_shared",
    "options_digest",
    "start_thread",
]
