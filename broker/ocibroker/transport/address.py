"""The origin that a request really goes to."""

from __future__ import annotations

from typing import cast

import httpx

from ocibroker.errors import OriginRefused
from ocibroker.host import canonical_host, parse_port
from ocibroker.origin import DEFAULT_PORT, Origin, Scheme


def origin_of(url: httpx.URL) -> Origin:
    """Return the origin of ``url``, read by the one host parser.

    Raises :class:`~ocibroker.errors.OriginRefused` for a URL that is neither HTTPS nor HTTP, and
    :class:`~ocibroker.errors.InvalidTarget` for a host that could be read in two ways, or a port that there is not.
    """
    scheme = cast("Scheme", url.scheme)
    if scheme not in DEFAULT_PORT:
        raise OriginRefused("only https:// and http:// are spoken here", culprit=repr(url.scheme))
    raw = url.raw_host.decode("ascii")
    host = canonical_host(f"[{raw}]" if ":" in raw else raw)
    port = DEFAULT_PORT[scheme] if url.port is None else parse_port(str(url.port), f"{host}:{url.port}")
    return Origin(scheme, host, port)
