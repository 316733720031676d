"""Docker: ``credHelpers`` in ``config.json``, and ``certs.d`` of the daemon.

https://docs.docker.com/reference/cli/docker/#docker-cli-configuration-file-configjson-properties,
https://docs.docker.com/engine/security/certificates/
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from ocibroker.helper_protocol import NAME
from ocibroker.setup.certificates import certs_d
from ocibroker.setup.helpers import helper_entries, only_added, untold
from ocibroker.setup.plan import Plan, Read
from ocibroker.setup.settings import Settings


def plan(settings: Settings, read: Read, *, platform: str = sys.platform) -> Plan:
    """Return the user's ``config.json`` and their own daemon's certificates, or only those of the system's."""
    notes = (*settings.notes, *only_added(settings))
    if settings.system:
        return Plan(certs_d(settings.etc / "docker" / "certs.d", settings.hosts), notes, shared=True)
    # A rootless daemon reads the one, Docker Desktop the other.
    folder = settings.home / ".docker" if platform == "darwin" else settings.xdg / "docker"
    certificates = certs_d(folder / "certs.d", settings.hosts)
    if certificates and platform != "darwin":
        config = f"--config {shlex.quote(str(settings.config))}"
        notes = (
            *notes,
            f"a daemon that runs as root is told by: sudo ocibroker {config} setup docker --system --apply",
        )
    files = (*helper_entries(_config(settings), settings, read), *certificates)
    return Plan(files, (*untold(settings), *notes), NAME)


def _config(settings: Settings) -> Path:
    folder = settings.named("DOCKER_CONFIG")
    return settings.file or (folder or settings.home / ".docker") / "config.json"
