"""Who would answer a credential helper that is started now: the sidecar, or the helper's own process."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ocibroker.helper_protocol import NESTED
from ocibroker.peer_user import peer_user
from ocibroker.socket_place import OFF, VARIABLE, socket_places
from ocibroker.socket_trouble import socket_trouble

_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Answering:
    """``sidecar`` is the socket of the one that answers, or none where the helper's own process does; ``why``.

    ``cause`` and ``cure`` tell more of what stands in the way of a sidecar, and are empty where nothing does.
    """

    sidecar: str | None
    why: str
    cause: str = field(default="", compare=False)
    cure: str = field(default="", compare=False)

    def as_data(self) -> dict[str, Any]:
        """Return who answers, and why, for JSON."""
        return {"sidecar": self.sidecar, "why": self.why}


def who_answers(environ: Mapping[str, str]) -> Answering:
    """Return who answers a helper with that environment: a local connection at most, for at most 50 ms."""
    if not hasattr(socket, "AF_UNIX"):
        return Answering(None, "this system has no Unix sockets")
    if environ.get(NESTED):
        return Answering(None, f"{NESTED} is set")
    places = socket_places(environ)
    for place in places:
        if (found := _answering(place)) is not None:
            return found
    return Answering(None, f"no socket at {places[-1]}" if places else f"{VARIABLE} is {OFF}")


def _answering(place: Path) -> Answering | None:
    """Return who answers where ``place`` is meant, or none where nothing is there."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_SECONDS)
        try:
            connection.connect(str(place))
            uid, *_ = peer_user(connection)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            why, cure = socket_trouble(str(place), error)
            return Answering(None, f"{place}: {error.strerror or error}", f"{place} {why}", cure)
    if uid in {0, os.geteuid()}:
        return Answering(str(place), f"it runs as uid {uid}")
    why = f"{place} belongs to uid {uid}"
    return Answering(None, why, why, "see whose process that is, and stop it or name another")
