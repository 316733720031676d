"""What is refused by its head alone, before anybody looks who asks or reads on.

A page in a browser on the same machine, a name that was rebound to loopback (GHSA-w48q-cv73-mx4w), and a neighbour
that can be made to send a request cannot write the headers that a caller of ours writes, and write some that it
does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ocibroker.api import Problem
from ocibroker.host import address_of
from ocibroker.sidecar.listener import Listener

REQUIRED: Final = b"ocibroker-request"
"""A header that no form, no image and no redirect sends. Its value is ``1``."""

_FOREIGN: Final = frozenset({b"origin", b"forwarded", b"via"})
_BROWSERS: Final = b"sec-fetch-"
_FOREIGN_PREFIXES: Final = (_BROWSERS, b"x-forwarded-")

Head = Sequence[tuple[bytes, bytes]]
"""The header fields, names in lower case."""


def misdirected(
    listener: Listener, target: bytes, head: Head, fields: Mapping[bytes, bytes], *, shown: bool = False
) -> Problem | None:
    """Return why a request is not one for ``listener``.

    ``target`` is that of its first line, ``fields`` are ``head`` by name. What is ``shown`` a browser may ask for.

    RFC 9112 section 3.2: one ``Host``, and where the target has an authority of its own, the same.
    """
    if len(fields) != len(head):
        return Problem.of(400, "duplicate_header", "a header field stands twice")
    host = fields.get(b"host", b"").decode("latin-1").lower()
    if not host:
        return Problem.of(400, "host_missing", "names no Host")
    if not target.startswith(b"/") and _authority(target) != host:
        return Problem.of(400, "host_mismatch", "its target names another authority than Host")
    if host not in listener.hosts and not _an_address(host, listener.everywhere):
        return Problem.of(403, "host_refused", "is addressed to a Host that this listener is not")
    return (shown and _wandered(fields)) or _relayed(fields, shown=shown)


def _an_address(host: str, port: int | None) -> bool:
    """Whether ``host`` is a machine's address, and no name, with ``port``."""
    address, _, number = host.rpartition(":")
    return port is not None and number == str(port) and address_of(address.strip("[]")) is not None


def unmarked(fields: Mapping[bytes, bytes], content_type: bytes) -> Problem | None:
    """Return why a request that changes or reveals something is none of a caller's of ours."""
    if fields.get(REQUIRED) != b"1":
        return Problem.of(400, "request_header_missing", "lacks a header", hint="send Ocibroker-Request: 1")
    given = fields.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if content_type and given != content_type:
        wanted = content_type.decode("ascii")
        return Problem.of(415, "unsupported_media_type", "has another content type", hint=f"send {wanted}")
    if b"content-encoding" in fields:
        return Problem.of(415, "unsupported_media_type", "is encoded", hint="send it as it is")
    return None


def _wandered(fields: Mapping[bytes, bytes]) -> Problem | None:
    """Return why a browser does not ask for its user, who typed the address, reloads, or follows our own link.

    https://www.w3.org/TR/fetch-metadata/: a page of somebody else's that opens, embeds or fetches ours says so.
    """
    said = {name: value for name, value in fields.items() if name.startswith(_BROWSERS)}
    if not said:
        return None
    site, how = said.get(b"sec-fetch-site"), (said.get(b"sec-fetch-mode"), said.get(b"sec-fetch-dest"))
    if site in {b"none", b"same-origin"} and how == (b"navigate", b"document"):
        return None
    return Problem.of(403, "browser_refused", "comes from another page", hint="type the address into the browser")


def _relayed(fields: Mapping[bytes, bytes], *, shown: bool) -> Problem | None:
    for name in fields:
        if shown and name.startswith(_BROWSERS):
            continue
        if name in _FOREIGN or name.startswith(_FOREIGN_PREFIXES):
            return _foreign(name)
    return None


def _foreign(name: bytes) -> Problem:
    shown = name.decode("latin-1")
    if name == b"origin" or name.startswith(b"sec-fetch-"):
        return Problem.of(403, "browser_refused", f"comes from a browser: {shown}")
    return Problem.of(400, "relay_refused", f"comes through a relay: {shown}")


def _authority(target: bytes) -> str:
    scheme, mark, rest = target.partition(b"://")
    known = mark and scheme.lower() in {b"http", b"https"}
    return rest.partition(b"/")[0].partition(b"?")[0].decode("latin-1").lower() if known else ""
