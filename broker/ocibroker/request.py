"""What a provider is asked, and what it is given to answer with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import msgspec

from ocibroker.child import Completed
from ocibroker.clock import Clock
from ocibroker.credential import Credential
from ocibroker.deadline import Deadline
from ocibroker.reference import SecretRef
from ocibroker.secret import Secret
from ocibroker.target import Target
from ocibroker.tls import TLSPolicy

if TYPE_CHECKING:
    import httpx


def _nothing() -> Mapping[str, str]:
    # A mapping proxy cannot be a default itself: before Python 3.12 it has no hash, and dataclasses refuses it.
    return MappingProxyType({})


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a ``[[registry]]`` rule may set in ``options``; unknown keys are an error.

    Subclass it with ``frozen=True, kw_only=True``.
    """


O_co = TypeVar("O_co", bound=Options, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who a front end asks for: a workload's own identity token and the annotations that came with it."""

    token: Secret | None = None
    annotations: Mapping[str, str] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Generic[O_co]):
    """A target, the rule's options, the broker's environment, and the caller where there is one."""

    target: Target
    options: O_co
    environ: Mapping[str, str] = field(default_factory=_nothing, repr=False)
    caller: Caller | None = None


class Run(Protocol):
    """Runs another program; see :func:`ocibroker.child.run` for its rules and errors."""

    def __call__(self, argv: Sequence[str], *, stdin: bytes = b"", inherit: bool = False) -> Completed:
        """Run ``argv``, whose program is an absolute path, within the request's deadline.

        ``inherit`` passes on the whole environment: for a program of the user's own that expects it.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest(Request[O_co]):
    """A request together with everything that the work may need.

    ``open_http`` opens an :class:`httpx.Client` whose connections trust each host by that host's policy, within
    the deadline, and that follows no redirect. ``tls`` returns the policy of the host in a URL, for a library that
    takes only files or an ``SSLContext``. ``secret`` resolves a reference. All of them raise
    :class:`~ocibroker.errors.OcibrokerError` only.

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

    @property
    def http(self) -> httpx.Client:
        """The client of this request; it is made when it is first asked for."""
        return self.open_http()
