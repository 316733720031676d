"""The transport of a provider's own calls: every host by its own policy, all of it within a deadline."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from ocibroker.deadline import Deadline
from ocibroker.errors import IntegrityError, RedirectRefused
from ocibroker.origin import Origin
from ocibroker.transport.address import origin_of
from ocibroker.transport.bounded import read_whole
from ocibroker.transport.hops import clean
from ocibroker.transport.observed import PROVIDER
from ocibroker.transport.pool import DEADLINE
from ocibroker.transport.retry import AGAIN, ONCE
from ocibroker.transport.wire import Wire

Notice = Callable[[Origin, httpx.Response], None]


class FetchTransport(httpx.BaseTransport):
    """Sends to any host what the provider puts into the request, and nothing else.

    A redirect is an error: who redirects a token endpoint would receive what was sent to it. An answer is read
    whole, up to a bound. The ``timeout`` of a request, in seconds, is total as the deadline is: the earlier of both
    ends it. A request with a timeout of its own is sent once, since whoever bounds one takes silence for an answer.
    ``notice`` is told of every answer and whose it is; ``provider`` is the name of who asks.
    """

    def __init__(self, wire: Wire, deadline: Deadline, notice: Notice, provider: str) -> None:
        self._wire = wire
        self._deadline = deadline
        self._notice = notice
        self._provider = provider

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request``; every error is an :class:`~ocibroker.errors.OcibrokerError`."""
        copy = clean(request, keep_secrets=True)
        own = copy.extensions.get("timeout", {}).get("read")
        copy.extensions[DEADLINE] = self._deadline.no_later_than(own)
        copy.extensions[AGAIN if own is None else ONCE] = True
        copy.extensions[PROVIDER] = self._provider
        response = self._wire.send(copy)
        self._notice(origin_of(copy.url), response)
        where = f"{request.url.scheme}://{request.url.netloc.decode('ascii')}"
        if response.has_redirect_location:
            response.close()
            raise RedirectRefused("a token endpoint must not redirect", culprit=where)
        try:
            return read_whole(response)
        except IntegrityError as error:
            failure = error.restated(culprit=where)
        raise failure
