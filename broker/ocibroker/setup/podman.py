"""Podman, Buildah, skopeo: ``credHelpers`` in ``auth.json``, and ``certs.d``.

containers-auth.json(5), containers-certs.d(5), containers-registries.conf(5)
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ocibroker.helper_protocol import NAME
from ocibroker.setup.certificates import certs_d
from ocibroker.setup.helpers import helper_entries, only_added, untold
from ocibroker.setup.plan import Plan, Planned, Read
from ocibroker.setup.settings import Settings
from ocibroker.setup.toml_tables import read_toml, written

_HELPERS: Final = "credential-helpers"
_FILES: Final = "containers-auth.json"
"""The name by which ``credential-helpers`` includes the files of logins."""


def plan(settings: Settings, read: Read) -> Plan:
    """Return the user's ``auth.json`` and certificates, or for the whole machine the certificates alone."""
    notes = (*settings.notes, *only_added(settings))
    if settings.system:
        return Plan(certs_d(settings.etc / "containers" / "certs.d", settings.hosts), notes, shared=True)
    # containers knows no XDG_CONFIG_HOME for certificates.
    certificates = certs_d(settings.home / ".config" / "containers" / "certs.d", settings.hosts)
    entries = helper_entries(_logins(settings), settings, read)
    registries, said = _registries(settings, read) if entries else ((), ())
    notes = (*untold(settings), *notes, *said, *_shadowing(settings))
    return Plan((*entries, *registries, *certificates), notes, NAME)


def _logins(settings: Settings) -> Path:
    usual = settings.xdg / "containers" / "auth.json"
    return settings.file or settings.named("REGISTRY_AUTH_FILE") or usual


def _registries(settings: Settings, read: Read) -> tuple[tuple[Planned, ...], tuple[str, ...]]:
    """Return the ``registries.conf`` that counts with the files of logins among its helpers, if they are not."""
    named = settings.named("CONTAINERS_REGISTRIES_CONF")
    users, system = settings.xdg / "containers" / "registries.conf", settings.etc / "containers" / "registries.conf"
    path = next((one for one in (named, users, system) if one and read(one) is not None), None)
    if path is None:
        return (), ()
    document = read_toml(path, read(path))
    helpers = document.get(_HELPERS)
    if not isinstance(helpers, list) or not helpers or _FILES in helpers:
        return (), ()
    if path == system:
        return (), (f"{path}: {_HELPERS} leaves out {_FILES}, so that no file of logins is read: add it there",)
    helpers.insert(0, _FILES)
    return (Planned(path, written(document), "toml"),), ()


def _shadowing(settings: Settings) -> Iterator[str]:
    folder = settings.named("XDG_RUNTIME_DIR")
    place = folder / "containers" / "auth.json" if folder else None
    if place and place.exists() and not settings.named("REGISTRY_AUTH_FILE"):
        yield f"logins in {place} come first: `podman logout` of these hosts, if there are any"
