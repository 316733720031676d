"""The store that a fleet shares, in Redis or Valkey. Imported only where one is configured."""

from ocibroker.cache.redis.store import RedisStore, open_store

__all__ = ["RedisStore", "open_store"]
