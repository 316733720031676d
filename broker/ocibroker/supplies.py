"""What a provider is handed for one fetch: connections, secrets and programs; and what is noted of their use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Self

from ocibroker.asked import Heard
from ocibroker.deadline import Deadline
from ocibroker.fetch_request import FetchRequest
from ocibroker.leased import Leased
from ocibroker.means import Means
from ocibroker.origin import Origin
from ocibroker.reference import SecretRef, read_secret
from ocibroker.request import Request
from ocibroker.secret import Secret
from ocibroker.transport.wire import Wire

if TYPE_CHECKING:
    import httpx

    from ocibroker.child import Completed


class Supplies:
    """A context manager, in the end of which the connections are closed.

    ``asked`` is told of each host that has answered. ``pauses`` are what the answers asked for, ``leased`` is
    what was read and ends by itself.
    """

    def __init__(self, means: Means, provider: str, deadline: Deadline, asked: Heard) -> None:
        self.pauses: Final[list[float | None]] = [None]
        self.leased: Final[list[Leased]] = []
        self._means, self._provider = means, provider
        self._deadline, self._asked = deadline, asked
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def request(self, asked: Request[Any]) -> FetchRequest[Any]:
        """Return what the provider is asked, with all that it may use."""
        means = self._means
        request: FetchRequest[Any] = FetchRequest(
            target=asked.target,
            options=asked.options,
            environ=asked.environ,
            caller=asked.caller,
            open_http=cache(lambda: self._client(means.wire)),
            tls=means.tls,
            trusting=lambda url, trust: self._client(means.wire_for(url, trust)),
            secret=lambda reference: self._secret(reference, request),
            run=self._run,
            clock=means.clock,
            deadline=self._deadline,
        )
        return request

    def _client(self, wire: Wire) -> httpx.Client:
        from ocibroker.transport import asked_pause, make_fetch_client  # here, since some ask nobody

        def notice(origin: Origin, answer: httpx.Response) -> None:
            self.pauses.append(asked_pause(answer))
            self._asked(origin)

        return self._opened.enter_context(closing(make_fetch_client(wire, self._deadline, notice, self._provider)))

    def _run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        inherit: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> Completed:
        from ocibroker.child import run  # here, since few run any

        shown = self._means.shown
        return run(argv, environ=shown, deadline=self._deadline, stdin=stdin, inherit=inherit, variables=variables)

    def _secret(self, reference: SecretRef, request: FetchRequest[Any]) -> Secret:
        found = self._read(reference, request)
        if isinstance(found, Secret):
            return found
        self.leased.append(found)
        return found.secret

    def _read(self, reference: SecretRef, request: FetchRequest[Any]) -> Secret | Leased:
        if reference.kept is not None:
            from ocibroker.stored_secret import StoredSecret  # here, since few secrets lie in a store

            if isinstance(reference.kept, StoredSecret):
                # That by which a store is entered does not end what lies there.
                return reference.kept.read(replace(request, secret=lambda one: self._entry(one, request)))
        return read_secret(reference, environ=self._means.environ, deadline=self._deadline)

    def _entry(self, reference: SecretRef, request: FetchRequest[Any]) -> Secret:
        found = self._read(reference, request)
        return found if isinstance(found, Secret) else found.secret
