"""Certificates as files: in the folders that Docker and containers read, and as one bundle."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from ocibroker.setup.plan import Planned
from ocibroker.setup.settings import Host
from ocibroker.tls import Roots

_CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n?", re.ASCII)


def certs_d(folder: Path, hosts: Iterable[Host]) -> tuple[Planned, ...]:
    """Return what ``folder`` holds of each host: ``ca.crt``, ``client.cert``, ``client.key``.

    https://docs.docker.com/engine/security/certificates/, containers-certs.d(5)
    """
    return tuple(file for host in hosts for file in _of_host(folder / host.name, host))


def _of_host(folder: Path, host: Host) -> Iterable[Planned]:
    if host.trust.authorities:
        yield Planned(folder / "ca.crt", "".join(host.trust.authorities).encode())
    if client := host.trust.client:
        yield Planned(folder / "client.cert", client.certificates.encode())
        yield Planned(folder / "client.key", client.private, mode=0o600, private=True)


def bundle(authorities: Iterable[str], environ: Mapping[str, str], *, place: Path) -> bytes:
    """Return the authorities and then the system's roots as one PEM text, each once.

    ``place`` is where it is kept: it is not among the system's roots, even where the environment says so.
    """
    own = {"SSL_CERT_FILE"} if environ.get("SSL_CERT_FILE") == str(place) else set()
    roots = Roots.from_environ({name: value for name, value in environ.items() if name not in own})
    system = (found[0] for found in _CERTIFICATE.finditer("" if roots.absent else roots.bundle()))
    each = dict.fromkeys(f"{one.strip()}\n" for one in (*authorities, *system))
    return "".join(each).encode()
