"""Where a request may go: the rules of redirects and of the origin that a credential is bound to."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

import httpx

from ocibroker.errors import OcibrokerError, OriginRefused, RedirectRefused
from ocibroker.host import address_of
from ocibroker.origin import Origin
from ocibroker.transport.address import origin_of
from ocibroker.transport.pool import DEADLINE
from ocibroker.transport.retry import ONCE

_HOP: Final = "ocibroker.hop"
_KEPT: Final = ("timeout", DEADLINE, ONCE)
_HARMLESS: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "connection",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "range",
        "user-agent",
    }
)
"""The headers that go along to another origin. Any other may be a token under a name that nobody foresaw."""
_METADATA: Final = frozenset(map(ip_address, ("100.100.100.200", "fd00:ec2::254", "fd20:ce::254")))
"""Metadata services of Alibaba, AWS and Google at addresses that are not link-local."""
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST: Final = 10
"""Redirects of one request: as many as Go follows, and fewer than httpx, whose own error would not be typed."""


@dataclass(frozen=True, slots=True)
class _Hop:
    """A redirect that was checked. httpx copies a request's extensions into the one that follows it.

    ``by`` is the request that was redirected: sent once more, it has not followed its own redirect.
    """

    to: Origin
    left: bool
    count: int
    by: weakref.ref[httpx.Request]


def bound(request: httpx.Request, origin: Origin) -> bool:
    """Whether ``request`` may carry the credential of ``origin``.

    It may not once a redirect has left the origin, even when another leads back.
    Raises :class:`~ocibroker.errors.OriginRefused` for a direct request to another origin.
    """
    to = origin_of(request.url)
    if hop := _hop(request, to):
        return not hop.left
    if to == origin:
        return True
    raise OriginRefused(
        f"this transport is bound to {origin}", culprit=str(to), hint="ask the broker for access to that target"
    )


def check_direct(request: httpx.Request) -> None:
    """Check where ``request`` goes, an address that a server's document named: as strictly as a redirect.

    Raises :class:`~ocibroker.errors.OriginRefused` for anything but HTTPS, for addresses of metadata services, and
    for a URL with a user name or a password, which others write in order to deceive (RFC 9110, section 4.2.4).
    """
    to = origin_of(request.url)
    if to.scheme != "https":
        raise OriginRefused("is named for a download without HTTPS", culprit=str(to))
    if is_nowhere(to):
        raise OriginRefused("is an address that no registry has", culprit=str(to))
    if request.url.userinfo:
        raise OriginRefused("is named with a user name or a password", culprit=str(to))


def clean(request: httpx.Request, *, keep_secrets: bool) -> httpx.Request:
    """Return a copy to be sent: the caller's own request never shows what is added to it.

    Extensions that could change the verified name or the request line are left out.
    """
    headers = request.headers.copy()
    headers["host"] = request.url.netloc.decode("ascii")
    if not keep_secrets:
        headers = httpx.Headers([pair for pair in headers.multi_items() if pair[0] in _HARMLESS])
    extensions = {key: value for key, value in request.extensions.items() if key in _KEPT}
    return httpx.Request(request.method, request.url, headers=headers, stream=request.stream, extensions=extensions)


def check_redirect(request: httpx.Request, response: httpx.Response) -> OcibrokerError | None:
    """Return why the redirect in ``response`` must not be followed; else mark ``request`` as having led there.

    Refused are redirects of anything but GET and HEAD, of a body, from HTTPS to HTTP, to the addresses of
    metadata services, to a URL with a user name or a password, and more than :data:`_MOST` in a row.
    """
    location = response.headers.get("location")
    if response.status_code not in _REDIRECTS or location is None:
        return None
    here = origin_of(request.url)
    if (to := _destination(request, location)) is None:
        return RedirectRefused("redirects to something that is no URL", culprit=str(here))
    hop = _hop(request, here)
    count = hop.count + 1 if hop else 1
    why = "with a user name or a password" if httpx.URL(location).userinfo else _refusal(request, here, to, count)
    if why:
        return RedirectRefused(f"redirects to {to}: {why}", culprit=str(here))
    left = to != here or (hop is not None and hop.left)
    request.extensions[_HOP] = _Hop(to, left, count, weakref.ref(request))
    return None


def _hop(request: httpx.Request, here: Origin) -> _Hop | None:
    """Return the redirect that has led to ``request``, which goes to ``here``."""
    hop = request.extensions.get(_HOP)
    return hop if isinstance(hop, _Hop) and hop.to == here and hop.by() is not request else None


def _destination(request: httpx.Request, location: str) -> Origin | None:
    """Return where ``location`` leads; none where two readers could disagree."""
    try:
        url = httpx.URL(location)
        # Without a host, httpx would fill in the request's own but drop its port.
        return None if url.scheme and not url.host else origin_of(request.url.join(url))
    except (httpx.InvalidURL, OcibrokerError, ValueError):  # urllib, which joins, raises ValueError
        return None


def _refusal(request: httpx.Request, here: Origin, to: Origin, count: int) -> str:
    if request.method not in {"GET", "HEAD"}:
        return f"a {request.method} is never sent on"
    if "transfer-encoding" in request.headers or request.headers.get("content-length", "0") != "0":
        return "a body is never sent on"
    if here.scheme == "https" and to.scheme == "http":
        return "from HTTPS to HTTP"
    if is_nowhere(to):
        return "an address that no registry has"
    return "again and again" if count > _MOST else ""


def is_nowhere(to: Origin) -> bool:
    """Whether ``to`` is an address where no document may lead: a metadata service's, or of no single machine."""
    address = address_of(to.host)
    if address is None:
        return False
    return address.is_link_local or address.is_unspecified or address.is_multicast or address in _METADATA
