"""What a failed connection is called, and what to do about it.

The errors of httpcore and ssl are read and dropped, never chained: the frames behind them hold the request's
headers, and a traceback with local variables would print them.
"""

from __future__ import annotations

import os
import ssl
from types import MappingProxyType
from typing import Final

import httpcore
import httpx

from ocibroker.errors import (
    ConnectionFailed,
    DeadlineExceeded,
    IntegrityError,
    OcibrokerError,
    TLSFailed,
    WrongScheme,
)
from ocibroker.origin import Origin

WHOSE: Final = "the broker"
"""Whose TLS it is, unless a caller has brought a transport."""

FAULTS: Final = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    httpx.TransportError,
    OcibrokerError,
    OSError,
    UnicodeError,
    RuntimeError,
)
"""What may come out of a connection; anything else is a bug and says so itself."""

_TIMEOUTS: Final = (httpcore.TimeoutException, httpx.TimeoutException, TimeoutError, DeadlineExceeded)

_UNTRUSTED: Final = (
    "the issuer is not trusted",
    "add the authority that issued it to ca of a [[tls]] entry for this host",
)

_VERIFY: Final = MappingProxyType(
    {
        9: ("the certificate is not valid yet", "check the clocks of both sides"),
        10: ("the certificate has expired", "renew it on the server"),
        18: ("the certificate is self-signed and not trusted", "add it to ca of a [[tls]] entry for this host"),
        19: (
            "the chain ends in a root that is not trusted",
            "add that root to ca of a [[tls]] entry for this host",
        ),
        20: _UNTRUSTED,
        21: _UNTRUSTED,
        62: ("the certificate is for another name", "use the name that the certificate holds"),
        64: ("the certificate is for another address", "use the name that the certificate holds"),
    }
)
"""OpenSSL's ``X509_V_ERR_*`` numbers: reason and cure."""

_NOT_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL"})
_CLIENT_CERT: Final = frozenset({"TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_HANDSHAKE_FAILURE"})


def fault(error: BaseException, origin: Origin, whose: str, *, answered: bool = False) -> OcibrokerError:
    """Return the typed error for what happened on the way to ``origin``; ``whose`` TLS it was is said.

    ``answered`` tells that an answer had begun, so that both sides speak the same protocol.
    """
    where = str(origin)
    if (failure := _tls_error(error)) is not None:
        return _tls_fault(failure, where, whose)
    if isinstance(error, OcibrokerError) and error.culprit:
        return error.restated()
    if isinstance(error, _TIMEOUTS):
        return DeadlineExceeded(
            "did not answer in time", culprit=where, hint="allow more time, or look at the host"
        )
    if isinstance(error, OcibrokerError):
        return error.restated(culprit=where)
    if isinstance(error, httpcore.ProxyError | httpx.ProxyError):
        return ConnectionFailed("the proxy refused the connection", culprit=where, hint="look at the proxy's log")
    return _broken(error, origin, whose, answered=answered)


def _broken(error: BaseException, origin: Origin, whose: str, *, answered: bool) -> OcibrokerError:
    if isinstance(error, httpcore.LocalProtocolError | httpx.LocalProtocolError | UnicodeError):
        return IntegrityError("the request cannot be written as HTTP", culprit=str(origin))
    if isinstance(error, httpcore.ConnectError | httpx.ConnectError):
        why = _os_reason(error) or "no connection"
        return ConnectionFailed(why, culprit=str(origin), hint="check the name, the port and the network")
    if origin.scheme == "http" and not answered:
        return WrongScheme(
            "closed the connection without an HTTP answer",
            culprit=str(origin),
            hint="if it speaks HTTPS, remove plain_http",
        )
    by = f"; TLS by {whose}" if origin.scheme == "https" else ""
    return ConnectionFailed(f"broke the connection{by}", culprit=str(origin), hint="try again")


def certificate_refused(error: BaseException) -> bool:
    """Whether a handshake failed for the certificate that the other side has presented."""
    return isinstance(_tls_error(error), ssl.SSLCertVerificationError)


def _tls_error(error: BaseException) -> ssl.SSLError | None:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def _tls_fault(error: ssl.SSLError, where: str, whose: str) -> OcibrokerError:
    # One that a caller's transport has made itself lacks what OpenSSL would have set.
    reason = getattr(error, "reason", None) or "handshake failed"
    if isinstance(error, ssl.SSLCertVerificationError):
        other = getattr(error, "verify_message", "the certificate is refused"), "look at the server's certificate"
        why, hint = _VERIFY.get(getattr(error, "verify_code", 0), other)
        return TLSFailed(f"{why}; TLS by {whose}", culprit=where, hint=hint)
    if reason in _NOT_TLS:
        return WrongScheme(
            "speaks HTTP where TLS was expected", culprit=where, hint="set plain_http in its [[tls]]"
        )
    if reason in _CLIENT_CERT:
        return TLSFailed(
            f"asks for a client certificate; TLS by {whose}",
            culprit=where,
            hint="set client_cert and client_key in its [[tls]]",
        )
    words = reason.lower().replace("_", " ")
    return TLSFailed(f"{words}; TLS by {whose}", culprit=where, hint="compare TLS versions and certificates")


def _os_reason(error: BaseException) -> str:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            # asyncio writes a text of its own there; a resolver's numbers are negative.
            return os.strerror(seen.errno) if seen.errno and seen.errno > 0 else seen.strerror
        seen = seen.__cause__ or seen.__context__
    return ""
