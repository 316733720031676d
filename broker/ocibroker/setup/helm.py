"""Helm: ``credHelpers`` in ``registry/config.json``.

Helm is told of authorities by ``--ca-file`` only, and of nothing else in any file; on Linux it reads the system's
roots, which ``SSL_CERT_FILE`` replaces. So the authorities of all hosts and the system's roots are kept in one file
beside, for that variable (https://helm.sh/docs/helm/helm_pull/, https://pkg.go.dev/crypto/x509#SystemCertPool).
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ocibroker.errors import UsageError
from ocibroker.helper_protocol import NAME
from ocibroker.login_places import helm_file
from ocibroker.setup.certificates import bundle
from ocibroker.setup.helpers import helper_entries, only_added, untold
from ocibroker.setup.plan import Plan, Planned, Read
from ocibroker.setup.settings import Settings

BUNDLE: Final = "ocibroker-ca.pem"


def plan(settings: Settings, read: Read, *, platform: str = sys.platform) -> Plan:
    """Return Helm's file and, where a host has an authority, the bundle; raises UsageError for ``--system``."""
    if settings.system:
        raise UsageError("Helm has no settings for a whole machine", culprit="--system", hint="leave it out")
    usual = settings.xdg / "helm" / "registry" / "config.json"
    file = settings.file or helm_file(settings.environ, settings.home, platform) or usual
    trusting = platform == "linux" and settings.authorities
    place = file.with_name(BUNDLE)
    files = [*helper_entries(file, settings, read)]
    if trusting:
        files.append(Planned(place, bundle(settings.authorities, settings.environ, place=place)))
    return Plan(tuple(files), (*untold(settings), *settings.notes, *_trust(settings, place, platform)), NAME)


def _trust(settings: Settings, place: Path, platform: str) -> Iterator[str]:
    if settings.authorities and platform == "linux":
        yield from only_added(settings)
        if settings.environ.get("SSL_CERT_FILE") != str(place):
            yield f"Helm reads authorities by its environment only: export SSL_CERT_FILE={shlex.quote(str(place))}"
    elif settings.authorities:
        yield "Helm reads authorities of the system's own store only: add them there, or use --ca-file"
    for host in settings.clients:
        yield f"{host.name}: Helm can be told a client certificate by --cert-file and --key-file only"
