"""The transport of what everybody may have: any host by its own policy, and no credential to anybody."""

from __future__ import annotations

import httpx

from ocibroker.transport.hops import check_direct, check_redirect, clean
from ocibroker.transport.wire import Wire


class PublicTransport(httpx.BaseTransport):
    """Sends to hosts that somebody else has named, such as a manifest, without credential.

    Of the caller's headers only harmless ones go along. Connections come from ``wire``, which trusts each host by
    its own policy.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request``; every error is an :class:`~ocibroker.errors.OcibrokerError`."""
        check_direct(request)
        response = self._wire.send(clean(request, keep_secrets=False))
        if refusal := check_redirect(request, response):
            response.close()
            raise refusal
        return response

    def close(self) -> None:
        """Do nothing: the connections belong to the broker."""
