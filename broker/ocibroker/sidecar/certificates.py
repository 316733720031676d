"""The TLS of the sidecar's own listener, by files that may change while it serves.

This is the only module that makes a server's context; clients' are made by ``tls``.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ocibroker.errors import TLSConfigurationError
from ocibroker.tls.pem import read_certificates
from ocibroker.tls.refused import refused
from ocibroker.watch import Watch

_HERE: Final = "the sidecar's own listener"
_LOG: Final = logging.getLogger("ocibroker.sidecar")


def context_of(certificates: Certificates | None) -> ssl.SSLContext | None:
    """Return what the next connection's TLS is made by; none where there is no TLS."""
    return certificates.context() if certificates else None


class Certificates:
    """A certificate with its key, and who signs those of callers; from TLS 1.2 on.

    With ``client_ca`` a caller must present a certificate that it has signed. Raises
    :class:`~ocibroker.errors.TLSConfigurationError` where the files cannot be used.
    """

    __slots__ = ("_certificate", "_client_ca", "_context", "_key", "_seen", "_watch")

    def __init__(
        self, certificate: Path, key: Path, client_ca: Path | None, monotonic: Callable[[], float]
    ) -> None:
        self._certificate, self._key, self._client_ca = certificate, key, client_ca
        self._watch = Watch([path for path in (certificate, key, client_ca) if path], monotonic)
        self._seen = self._watch.seen()
        self._context = self._read()

    @property
    def files(self) -> tuple[Path, Path, Path | None]:
        """Where they are: certificate, key and who signs those of callers."""
        return self._certificate, self._key, self._client_ca

    def context(self) -> ssl.SSLContext:
        """Return the context for the next connection: another one after the files have changed.

        While they do not fit together, as in the middle of a change, it is the one from before, with a warning.
        """
        if (seen := self._watch.seen()) != self._seen:
            self._seen = seen
            try:
                self._context = self._read()
            except TLSConfigurationError as error:
                _LOG.warning("the certificates from before are kept: %s", error)
        return self._context

    def _read(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # A session that is resumed would outlive the authority that vouched for it.
        context.num_tickets = 0
        context.options |= ssl.OP_NO_TICKET
        self._identify(context)
        if self._client_ca:
            context.load_verify_locations(cadata="".join(read_certificates(self._client_ca, _HERE)))
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _identify(self, context: ssl.SSLContext) -> None:
        try:
            context.load_cert_chain(
                self._certificate, self._key, password=bytes
            )  # else OpenSSL asks on the terminal
        except (OSError, ssl.SSLError, ValueError) as error:
            failure = error
        else:
            return
        if self._certificate != self._key:
            read_certificates(self._certificate, _HERE)
        if isinstance(failure, ssl.SSLError) and failure.reason == "KEY_VALUES_MISMATCH":
            raise refused(self._key, _HERE, f"is not the key of {self._certificate}")
        raise refused(self._key, _HERE, "is not a readable PEM private key without a password")
