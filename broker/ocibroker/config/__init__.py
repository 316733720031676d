"""The configuration: its schema, where it is found, and what it becomes."""

from ocibroker.config.json_schema import json_schema
from ocibroker.config.load import Config, load_config
from ocibroker.config.schema import StoreName
from ocibroker.config.shared import SharedStore
from ocibroker.config.where import find, users

__all__ = ["Config", "SharedStore", "StoreName", "find", "json_schema", "load_config", "users"]
