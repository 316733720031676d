"""The context by which a certificate that was refused is looked at."""

from __future__ import annotations

import ssl


def unverified_context() -> ssl.SSLContext:
    """Return a client context that accepts every certificate and has none of its own.

    It is for a handshake by which somebody learns what a server presents, and on which nothing is ever sent.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
