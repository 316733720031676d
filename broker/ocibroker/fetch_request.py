"""What a provider is given to answer with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn, Protocol

from ocibroker.clock import Clock
from ocibroker.credential import Credential
from ocibroker.deadline import Deadline
from ocibroker.errors import UsageError
from ocibroker.reference import SecretRef
from ocibroker.request import O_co, Request
from ocibroker.secret import Secret
from ocibroker.tls import TLSPolicy
from ocibroker.trust import Trust

if TYPE_CHECKING:
    import httpx

    from ocibroker.child import Completed


class Run(Protocol):
    """Runs another program; see :func:`ocibroker.child.run` for its rules and errors."""

    def __call__(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        inherit: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> Completed:
        """Run ``argv``, whose program is an absolute path, within the request's deadline.

        ``inherit`` passes on the whole environment: for a program of the user's own that expects it. ``variables``
        are set beside those that it gets.
        """
        ...


def _nobody(url: str, trust: Trust) -> NoReturn:
    raise UsageError(f"nobody connects to {url} here", culprit=trust.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest(Request[O_co]):
    """A request together with everything that the work may need.

    ``open_http`` opens an :class:`httpx.Client` whose connections trust each host by that host's policy, within
    the deadline, and that follows no redirect. ``tls`` returns the policy of the host in a URL, for a library that
    takes only files or an ``SSLContext``. ``secret`` resolves a reference. All of them raise
    :class:`~ocibroker.errors.OcibrokerError` only.

    ``trusting`` opens such a client for who is trusted at a URL's host as the provider has found out itself, from a
    service's own files; a ``[[tls]]`` entry for that host wins. Other hosts are trusted as by ``http``.

    ``min_ttl`` is how many seconds of life the caller wants, and ``refused`` the credential that a registry has
    just turned down: for a provider that asks somebody who remembers.
    """

    open_http: Callable[[], httpx.Client] = field(repr=False)
    tls: Callable[[str], TLSPolicy] = field(repr=False)
    secret: Callable[[SecretRef], Secret] = field(repr=False)
    run: Run = field(repr=False)
    clock: Clock
    deadline: Deadline
    min_ttl: float = 0.0
    refused: Credential | None = None
    trusting: Callable[[str, Trust], httpx.Client] = field(default=_nobody, repr=False)

    @property
    def http(self) -> httpx.Client:
        """The client of this request; it is made when it is first asked for."""
        return self.open_http()
