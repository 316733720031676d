"""The authorities that the configuration names, for whichever hosts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ocibroker.config import Config
from ocibroker.errors import OcibrokerError
from ocibroker.tls import TLSEntry
from ocibroker.tls.certificate import Certificate, authorities_in
from ocibroker.tls.pem import read_certificates


@dataclass(frozen=True, slots=True)
class KnownAuthority:
    """An authority, the file that it is in, and the entry that names the file."""

    certificate: Certificate
    path: Path
    entry: TLSEntry


def configured_authorities(config: Config) -> Iterator[KnownAuthority]:
    """Yield them all; files that cannot be used are left out."""
    for entry in config.tls:
        for path in entry.policy.ca:
            try:
                pems = read_certificates(path, entry.policy.host)
            except OcibrokerError:
                continue
            yield from (KnownAuthority(one, path, entry) for one in authorities_in(pems))
