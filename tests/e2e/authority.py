"""A throw-away certificate authority, and the files that servers and clients read it from."""

import ssl
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, as PEM files."""

    chain: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.chain, self.key)
        return context


@dataclass(frozen=True)
class Authority:
    """Issues certificates into ``folder``; nobody trusts it but those who are told to."""

    folder: Path
    root: trustme.CA

    @classmethod
    def create(cls, folder: Path) -> "Authority":
        return cls(folder, trustme.CA(key_type=trustme.KeyType.ECDSA))

    @cached_property
    def bundle(self) -> Path:
        """The authority's own certificate: Helm's ``--ca-file``, curl's ``--cacert``."""
        return _written(self.folder / "ca.pem", self.root.cert_pem)

    @cached_property
    def cert_dir(self) -> Path:
        """The folder that holds only ``ca.crt``: ``--cert-dir`` of skopeo, podman and buildah."""
        return _written(self.folder / "cert-dir" / "ca.crt", self.root.cert_pem).parent

    def issue(self, *names: str) -> Certificate:
        leaf = self.root.issue_cert(*names, key_type=trustme.KeyType.ECDSA)
        folder = Path(tempfile.mkdtemp(prefix=f"{names[0]}-", dir=self.folder))
        chain = _written(folder / "chain.pem", *leaf.cert_chain_pems)
        return Certificate(chain, _written(folder / "key.pem", leaf.private_key_pem))


def _written(path: Path, *blobs: trustme.Blob) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"".join(blob.bytes() for blob in blobs))
    return path
