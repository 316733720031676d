"""The configuration: its schema, where it is found, and what it becomes.

Its modules are imported when they are used: where there is no file, there is nothing to read one by.
"""

from typing import TYPE_CHECKING

from ocibroker.lazily import resolve

if TYPE_CHECKING:
    from ocibroker.config.check import check_config
    from ocibroker.config.editors import json_schema
    from ocibroker.config.load import Config, load_config
    from ocibroker.config.location import located
    from ocibroker.config.schema import Ready, StoreName
    from ocibroker.config.shared import SharedStore
    from ocibroker.config.sidecar import (
        Address,
        Allowance,
        SidecarSettings,
        TCPListening,
        UnixListening,
        address,
    )
    from ocibroker.config.where import find, users

__all__ = [
    "Address",
    "Allowance",
    "Config",
    "Ready",
    "SharedStore",
    "SidecarSettings",
    "StoreName",
    "TCPListening",
    "UnixListening",
    "address",
    "check_config",
    "find",
    "json_schema",
    "load_config",
    "located",
    "users",
]

_HOME = {
    "Address": "sidecar",
    "Allowance": "sidecar",
    "Config": "load",
    "Ready": "schema",
    "SharedStore": "shared",
    "SidecarSettings": "sidecar",
    "StoreName": "schema",
    "TCPListening": "sidecar",
    "UnixListening": "sidecar",
    "address": "sidecar",
    "check_config": "check",
    "find": "where",
    "json_schema": "editors",
    "load_config": "load",
    "located": "location",
    "users": "where",
}

if not TYPE_CHECKING:  # visible to a checker, it would make every misspelling legal

    def __getattr__(name: str) -> object:
        return resolve(globals(), _HOME, name)
