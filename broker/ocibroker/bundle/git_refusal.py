"""What git and ssh say when they fail, as typed errors.

Nothing of it is shown: a server chooses a part of it, and an address or a header may be quoted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ocibroker.bundle.git_way import Way
from ocibroker.errors import (
    ConnectionFailed,
    NotFound,
    OcibrokerError,
    RedirectRefused,
    RegistryRefused,
    TLSFailed,
    WriteFailed,
)

_KEYSCAN: Final = "compare its key with what its owner says, and add it to known_hosts: ssh-keyscan HOST"


@dataclass(frozen=True, slots=True)
class _Saying:
    """Any of ``marks``, in English as the C locale has it, and what it means."""

    marks: tuple[str, ...]
    kind: type[OcibrokerError]
    why: str
    hint: str = ""

    def __call__(self, culprit: str) -> OcibrokerError:
        return self.kind(self.why, culprit=culprit, hint=self.hint)


_ASKING: Final = (
    "could not read Username",
    "could not read Password",
    "Authentication failed for",
    "returned error: 401",
    "returned error: 403",
    "Permission denied (",
)
_REFUSED: Final = _Saying(
    _ASKING, RegistryRefused, "does not accept the credential", "check its permissions, and that it has not expired"
)
_UNUSABLE: Final = _Saying(
    ("error in libcrypto", "invalid format", "incorrect passphrase", "UNPROTECTED PRIVATE KEY"),
    OcibrokerError,
    "the private key cannot be used",
    "give one without a passphrase, in OpenSSH's format, that only you can read",
)
_UNADVERTISED: Final = ("not our ref", "unadvertised object", "no such remote ref", "couldn't find remote ref")

# In this order: what comes first explains what git says of it afterwards.
_SAYINGS: Final = (
    _Saying(
        ("REMOTE HOST IDENTIFICATION HAS CHANGED", "REVOKED HOST KEY"),
        ConnectionFailed,
        "shows another host key than the one that is known",
        "somebody may be in between: compare it with what its owner says before you replace it in known_hosts",
    ),
    _Saying(("Host key verification failed",), ConnectionFailed, "shows a host key that is not known", _KEYSCAN),
    _Saying(
        (
            "certificate verif",
            "certificate problem",
            "client certificate",
            "gnutls_handshake",
            "SSL_connect",
            "SSL connect",
        ),
        TLSFailed,
        "could not be connected to by TLS",
        "see `ocibroker explain` for what is trusted there",
    ),
    _Saying(
        ("returned error: 301", "returned error: 302", "returned error: 307", "returned error: 308"),
        RedirectRefused,
        "redirects where none is followed",
        "write the URL that it leads to",
    ),
    _Saying(
        ("not found", "returned error: 404", "does not appear to be a git repository", "does not exist"),
        NotFound,
        "has no such repository",
        "check the path and the permissions",
    ),
    _Saying(("No space left on device", "Disk quota"), WriteFailed, "could not be written: no space is left"),
    _Saying(
        ("response 407", "code 407", "from proxy after CONNECT", "CONNECT tunnel failed"),
        ConnectionFailed,
        "the proxy refused the way there",
        "check the proxy, and its user and password",
    ),
    _Saying(
        ("Could not resolve", "Connection refused", "Connection timed out", "Failed to connect", "Network is"),
        ConnectionFailed,
        "could not be connected to",
        "check the host, the port and the proxy",
    ),
    _Saying(
        ("early EOF", "hung up", "RPC failed", "unexpected disconnect", "Connection closed", "Connection reset"),
        ConnectionFailed,
        "closed the connection before all had come",
        "try again later",
    ),
)


def unadvertised(said: str) -> bool:
    """Whether the server has not got a commit, or gives nothing but what a branch or tag names."""
    return _holds(said, _UNADVERTISED)


def refusal(said: str, status: int, way: Way, culprit: str) -> OcibrokerError:
    """Return what git's error output means; ``culprit`` names the source."""
    if _holds(said, _UNUSABLE.marks):  # what follows is that none is accepted
        return _UNUSABLE(culprit)
    if _holds(said, _ASKING):
        return way.withheld() if way.withheld else _REFUSED(culprit)
    for saying in _SAYINGS:
        if _holds(said, saying.marks):
            return saying(culprit)
    return OcibrokerError(
        f"git ended with status {status}", culprit=culprit, hint="try `git ls-remote` there to see what it says"
    )


def _holds(said: str, marks: tuple[str, ...]) -> bool:
    own = [line for line in said.splitlines() if not line.startswith("remote:")]
    return any(mark in line for line in own for mark in marks)
