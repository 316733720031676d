"""Where the sidecar's socket is: the helpers in ``broker/scripts`` look for it in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

VARIABLE: Final = "OCIBROKER_SOCKET"
OFF: Final = "off"
"""Its value for "no sidecar"."""

_BELOW: Final = "ocibroker/broker.sock"


def socket_places(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return where the socket may be, of which the first that is there is meant; none where it is switched off.

    ``$OCIBROKER_SOCKET`` is the only place where it is set; else there are ``$XDG_RUNTIME_DIR``, which counts if it
    is absolute (https://specifications.freedesktop.org/basedir-spec/latest/), and ``/run``.
    """
    given, runtime = environ.get(VARIABLE), environ.get("XDG_RUNTIME_DIR", "")
    if given:
        return () if given == OFF else (Path(given),)
    folders = [runtime.rstrip("/"), "/run"] if runtime.startswith("/") else ["/run"]
    return tuple(Path(f"{folder}/{_BELOW}") for folder in folders)
