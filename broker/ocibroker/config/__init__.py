"""The configuration: its schema, where it is found, and what it becomes."""

from ocibroker.config.check import check
from ocibroker.config.json_schema import json_schema
from ocibroker.config.load import Config, load_config
from ocibroker.config.schema import Ready, StoreName
from ocibroker.config.sidecar import Address, Allowance, SidecarSettings, TCPListening, UnixListening, address
from ocibroker.config.where import find, users

__all__ = [
    "Address",
    "Allowance",
    "Config",
    "Ready",
    "SidecarSettings",
    "StoreName",
    "TCPListening",
    "UnixListening",
    "address",
    "check",
    "find",
    "json_schema",
    "load_config",
    "users",
]
