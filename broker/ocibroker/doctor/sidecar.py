"""The sidecar's socket: whether there is one, whose it is, and whether it answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ocibroker.deadline import Deadline
from ocibroker.doctor.finding import Finding, failed, fine, warned
from ocibroker.errors import OcibrokerError
from ocibroker.sidecar_probe import Answering, who_answers
from ocibroker.socket_place import VARIABLE
from ocibroker.transport import LocalClient

SOCKET: Final = "sidecar.socket"
_SECONDS: Final = 2.0
_ALONE: Final = "credential helpers answer by themselves"


def look(environ: Mapping[str, str]) -> Finding:
    """Return what stands where the sidecar's socket is looked for."""
    found = who_answers(environ)
    if found.sidecar:
        return _asked(found, found.sidecar)
    if found.cure or environ.get(VARIABLE) not in {None, "", "off"}:
        return warned(
            SOCKET, _ALONE, found.cause or found.why, found.cure or f"start `ocibroker serve`, or unset {VARIABLE}"
        )
    return fine(SOCKET, f"{_ALONE}: {found.why}")


def _asked(found: Answering, path: str) -> Finding:
    client = LocalClient(path)
    try:
        client.post("/v1/trust", b"{}", {"Ocibroker-Request": "1"}, Deadline.after(_SECONDS))
    except OcibrokerError as error:
        return failed(SOCKET, f"{path} takes connections and no questions", error)
    finally:
        client.close()
    return fine(SOCKET, f"credential helpers ask {path}, whose configuration is its own: {found.why}")
