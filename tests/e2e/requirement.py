"""What this machine must have for a test: without it the test skips, and says what to do.

With ``OCIBROKER_E2E=required`` in the environment the same condition is a failure, so that a build
cannot turn green by running nothing.
"""

import os
import shutil
import socket
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import NoReturn

import pytest


def search_path() -> str:
    """Return where executables are looked for: those of the interpreter that runs the tests win."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def executable(name: str, instruction: str, *, more: str = "") -> str:
    """Return the path of an executable, which may lie in the folder ``more``, or give up with ``instruction``."""
    found = shutil.which(name, path=os.pathsep.join([search_path(), more]))
    return found or _give_up(f"{name} is not installed: {instruction}")


def folder(path: Path, instruction: str) -> Path:
    """Return ``path`` if there is such a folder, or give up with ``instruction``."""
    return path if path.is_dir() else Path(_give_up(f"{path} is missing: {instruction}"))


def loopback(name: str) -> str:
    """Return ``name`` if this machine resolves it to itself, as real clients need it."""
    addresses = _addresses(name)
    if not addresses or not all(ip_address(address).is_loopback for address in addresses):
        _give_up(f"{name} does not resolve to loopback: add '127.0.0.1 {name}' to /etc/hosts")
    return name


def _addresses(name: str) -> set[str]:
    try:
        return {str(entry[4][0]) for entry in socket.getaddrinfo(name, None)}
    except socket.gaierror:
        return set()


def _give_up(reason: str) -> NoReturn:
    if os.environ.get("OCIBROKER_E2E") == "required":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
