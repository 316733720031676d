"""A TLS handshake in memory: what a client's context really trusts, without a socket."""

from __future__ import annotations

import ssl


def shake(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> bytes:
    """Speak TLS between both for the host ``name`` and return what the client read: ``b"hello"``.

    Raises `ssl.SSLError` where either side refuses the other.
    """
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=name)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [ours.do_handshake, theirs.do_handshake]
    while waiting:
        for step in tuple(waiting):
            try:
                step()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(step)
    theirs.write(b"hello")
    return ours.read()


def trusts(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> bool:
    """Whether the client accepts the server's certificate for ``name``."""
    try:
        return shake(client, server, name) == b"hello"
    except ssl.SSLCertVerificationError:
        return False
