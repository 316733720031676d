"""A throw-away certificate authority, for tests that speak real TLS."""

from __future__ import annotations

import ssl
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path


@dataclass(frozen=True)
class Issued:
    """A certificate of an `Authority` with its private key; good for servers and for clients.

    ``certificate`` is the chain, leaf first, and ``key`` the unencrypted private key, both PEM.
    """

    certificate: str
    key: str = field(repr=False)

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write ``cert.pem`` and ``key.pem`` (mode 0600) into ``folder``; return both paths, in this order."""
        folder.mkdir(parents=True, exist_ok=True)
        certificate, key = folder / "cert.pem", folder / "key.pem"
        certificate.write_text(self.certificate)
        key.touch(mode=0o600)
        key.write_text(self.key)
        return certificate, key

    def server_context(self, *, client_authority: Authority | None = None) -> ssl.SSLContext:
        """Return a server's context that presents this certificate.

        With ``client_authority``, a client must present a certificate which that authority issued.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            context.load_cert_chain(*self.write(Path(folder)))
        if client_authority is not None:
            context.load_verify_locations(cadata=client_authority.pem)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


class Authority:
    """A certificate authority whose key lives as long as this object.

    Needs the extra ``ocibroker[testing]`` (trustme); without it the construction raises `ImportError`.
    """

    def __init__(self) -> None:
        import trustme

        self._ca = trustme.CA()

    @property
    def pem(self) -> str:
        """The authority's own certificate, PEM: what a client must trust."""
        return self._ca.cert_pem.bytes().decode("ascii")

    def write(self, folder: Path) -> Path:
        """Write ``ca.pem`` into ``folder``, which is made if need be; return its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "ca.pem"
        path.write_text(self.pem)
        return path

    def issue(self, *names: str, expired: bool = False) -> Issued:
        """Issue a certificate for host names, IP addresses or an e-mail address; ``expired`` ended yesterday.

        Raises `ValueError` without a name.
        """
        end = datetime.now(UTC) - timedelta(days=1) if expired else None
        leaf = self._ca.issue_cert(*names, not_after=end)
        chain = "".join(blob.bytes().decode("ascii") for blob in leaf.cert_chain_pems)
        return Issued(chain, leaf.private_key_pem.bytes().decode("ascii"))

    def server_context(self, *names: str, client_authority: Authority | None = None) -> ssl.SSLContext:
        """Return a server's context with a new certificate for ``names``; see `Issued.server_context`."""
        return self.issue(*names).server_context(client_authority=client_authority)
