"""``{ spiffe = { … } }``: a JWT-SVID of the workload, by the Workload API of its agent.

https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE_Workload_API.md

It is gRPC over a Unix socket, which the library speaks itself: the one connection here that is not the broker's.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ocibroker.provider import CredentialUnavailable
from ocibroker_oidc.identity_token import AddressedOptions

if TYPE_CHECKING:
    from ocibroker.provider import FetchRequest, Leased, OcibrokerError, Secret
    from ocibroker_oidc.speaking import Speaking

_SOCKET: Final = "SPIFFE_ENDPOINT_SOCKET"
_SCHEME: Final = "unix:"
_WHO: Final = "the Workload API"
_PACKAGES: Final = ("spiffe", "grpc")
_CURES: Final = MappingProxyType(
    {
        "INVALID_ARGUMENT": "correct audience and spiffe_id",
        "PERMISSION_DENIED": "register the workload at the SPIFFE server, or correct spiffe_id",
        "UNAVAILABLE": "look at the agent, and at the socket's owner and mode",
    }
)
"""What to do about the codes of the standard's section 4.4, and where nobody listens."""


class SpiffeOptions(AddressedOptions, frozen=True, kw_only=True):
    """``socket`` is the agent's, else that of the environment; ``spiffe_id`` is which of several identities."""

    socket: Path | None = None
    spiffe_id: str = ""

    def __post_init__(self) -> None:
        AddressedOptions.__post_init__(self)
        if self.spiffe_id and not self.spiffe_id.startswith("spiffe://"):
            raise ValueError("spiffe_id does not begin with spiffe://")


class Spiffe:
    """Asks the agent of the machine."""

    name = "spiffe"
    options = SpiffeOptions
    reach: Final = "local"

    def place(self, options: SpiffeOptions) -> str:
        """Return whose it is, where it is said, and for whom."""
        return f"{options.spiffe_id} for {options.audience}".lstrip()

    def watch(self, options: SpiffeOptions, environ: Mapping[str, str]) -> tuple[Path, ...]:
        """Return nothing: an agent that was started anew is the same."""
        return ()

    def variables(self, options: SpiffeOptions) -> tuple[str, ...]:
        """Return the one that says where the agent is."""
        return (_SOCKET,)

    def read(self, request: FetchRequest[SpiffeOptions]) -> Secret | Leased:
        """Return a token.

        Raises :class:`~ocibroker.errors.NoIdentity` where there is no agent, and other
        :class:`~ocibroker.errors.CredentialUnavailable`.
        """
        from ocibroker.provider import quietly
        from ocibroker_oidc.lent import lent
        from ocibroker_oidc.speaking import Speaking

        speaking = Speaking(request)
        socket = _socket(speaking)
        fetched = quietly(lambda: _fetched(speaking, socket), *_PACKAGES)
        if isinstance(fetched, Exception):
            raise fetched
        return lent(speaking, _WHO, *fetched)


def _socket(speaking: Speaking) -> str:
    """Return the path of the agent's socket."""
    options, environ = speaking.request.options, speaking.request.environ
    said = f"{_SCHEME}{options.socket}" if options.socket else environ.get(_SOCKET, "")
    if not said:
        raise speaking.absent(_WHO, f"{_SOCKET} is not set", "run it beside an agent, or set socket")
    path = said.removeprefix(_SCHEME)
    if path == said or not path.startswith("/"):
        raise speaking.failed(_WHO, f"{_SOCKET} is no Unix socket", "write unix:///path/of/the/socket")
    if not _is_there(Path(path)):
        raise speaking.absent(_WHO, f"there is no socket at {path}", "start the agent, or correct the path")
    return f"{_SCHEME}/{path.lstrip('/')}"


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder that is closed to us
        return False


def _fetched(speaking: Speaking, socket: str) -> tuple[str, datetime] | OcibrokerError:
    """Return the token and its end, or why there is none: it is raised where no frame has the agent's words.

    A JWT-SVID must say when it ends, and need not say since when it lives.
    """
    from ocibroker.provider import hush

    options = speaking.request.options
    try:
        from spiffe import SpiffeId, WorkloadApiClient
    except ImportError:
        hint = "pip install 'ocibroker[spiffe]'"
        return CredentialUnavailable("the library spiffe is not installed", culprit=_WHO, hint=hint)
    hush(*_PACKAGES)  # the import has made more loggers
    left = speaking.request.deadline.left()  # now, since the import may be slow
    try:
        subject = SpiffeId(options.spiffe_id) if options.spiffe_id else None
        with closing(WorkloadApiClient(socket)) as client:
            svid = client.fetch_jwt_svid({options.audience}, subject, timeout=left)
        return svid.token, datetime.fromtimestamp(svid.expiry, UTC)
    except Exception as error:  # noqa: BLE001  # a library may raise anything
        failure = _failure(speaking, error)
    speaking.request.deadline.left()
    return failure


def _failure(speaking: Speaking, error: Exception) -> OcibrokerError:
    """Return our error for one of the library's; of what the agent says only a code is shown."""
    cause = error.__cause__ or error
    code = getattr(getattr(cause, "code", lambda: None)(), "name", "")
    if code in _CURES:
        return speaking.failed(_WHO, f"gave no token: {code}", _CURES[code])
    if type(cause).__name__ == "TokenExpiredError":
        return speaking.ended(_WHO)
    return speaking.failed(_WHO, f"gave no token: {code or type(cause).__name__}", "look at the agent's log")
