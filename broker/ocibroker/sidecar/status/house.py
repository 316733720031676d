"""What there is beside the targets: providers, listeners, cache, configuration and process."""

from __future__ import annotations

import os
import platform
import stat
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path

from msgspec.structs import replace

from ocibroker.api.status import (
    CacheStatus,
    CertificateStatus,
    ConfigurationStatus,
    ListenerStatus,
    ProviderStatus,
)
from ocibroker.config import Config
from ocibroker.providers import BUILT_IN, Installed
from ocibroker.sidecar.certificate_ends import CertificateEnds
from ocibroker.sidecar.door import Door
from ocibroker.sidecar.generation import Generation
from ocibroker.sidecar.listener import ListenerName
from ocibroker.sidecar.status.targets import failure_of
from ocibroker.sidecar.succession import Standing
from ocibroker.version import __version__


def providers(generation: Generation, p99: Mapping[str, float]) -> Iterator[ProviderStatus]:
    """Return who may answer and who cannot, with the distribution that each comes from.

    ``p99`` are the seconds within which 99 of 100 fetches of each have ended.
    """
    found, upkeep = generation.broker.providers, generation.broker.upkeep
    silent, hanging = upkeep.silent(), upkeep.hanging()
    for name, provider in found.loaded.items():
        origin = _origin(name, provider.options.__module__, generation.installed)  # its class may be ours
        quiet = tuple(source for source in silent if source.split(" by ")[0] == f"provider {name}")
        yield replace(origin, silent=quiet, stuck=hanging.get(f"provider {name}", 0), p99=p99.get(name))
    for name, error in found.broken.items():
        yield replace(_origin(name, "", generation.installed), broken=str(error))


def _origin(name: str, module: str, others: Iterable[Installed]) -> ProviderStatus:
    if name in BUILT_IN:
        return ProviderStatus(name=name, distribution="ocibroker", version=__version__, built_in=True)
    for one in others:
        if one.name == name or f"{module}.".startswith(f"{one.module}."):
            return ProviderStatus(name=name, distribution=one.distribution, version=one.version, record=one.record)
    return ProviderStatus(name=name)


def listeners(doors: Iterable[Door], guests: Mapping[ListenerName, int]) -> Iterator[ListenerStatus]:
    """Return where callers come in, and how many are there."""
    for door in doors:
        mode, owner = _file(door.path) if door.path else (None, None)
        yield ListenerStatus(
            name=door.name,
            address=str(door),
            callers=_callers(door),
            mode=mode,
            owner=owner,
            tls=door.entrance.certificates is not None,
            connections=guests.get(door.name, 0),
        )


def _callers(door: Door) -> str:
    said = door.entrance
    if said.uids is not None:
        return f"users {', '.join(map(str, sorted(said.uids)))}"
    if door.name == "admin":
        return "who reaches it"
    if said.names is not None:
        return f"certificates of {', '.join(sorted(said.names)) or 'nobody'}"
    return "who sends the token of its file"


def _file(path: Path) -> tuple[str | None, str | None]:
    try:
        found = path.stat()
    except OSError:
        return None, None
    return f"{stat.S_IMODE(found.st_mode):04o}", f"{found.st_uid}:{found.st_gid}"


def certificates(ends: CertificateEnds, generation: Generation) -> Iterator[CertificateStatus]:
    """Return the certificates that the configuration names, the next to end first."""
    for (role, name), moment in sorted(ends.of(generation), key=itemgetter(1)):
        yield CertificateStatus(role=role, name=name, ends_at=datetime.fromtimestamp(moment, UTC))


def cache(generation: Generation, answers: Mapping[str, int]) -> CacheStatus:
    """Return where answers are kept, and what callers got."""
    config = generation.config
    store = config.shared.url if config.shared else config.store or "memory"
    upkeep = generation.broker.upkeep
    return CacheStatus(
        store=store,
        entries=upkeep.remembered(),
        answers=dict(answers),
        key=upkeep.sealing(),
        trouble=upkeep.trouble(),
    )


def configuration(config: Config, standing: Standing) -> ConfigurationStatus:
    """Return which configuration serves."""
    return ConfigurationStatus(
        path=str(config.path) if config.path else None,
        generation=standing.number,
        since=standing.since,
        insecure=tuple(one.policy.host for one in config.tls if one.policy.insecure or one.policy.plain_http),
        failure=failure_of(standing.failure) if standing.failure else None,
    )


def resident() -> int | None:
    """Return the bytes of memory that the process occupies; none where Linux does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def files() -> tuple[int | None, int | None]:
    """Return how many files are open and how many may be; a process that hides its memory may not count its own."""
    import resource  # here: it is not on Windows, where this package can be imported too

    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        open_ = len(os.listdir("/proc/self/fd")) - 1  # noqa: PTH208  # the folder's own descriptor is not counted
    except OSError:
        open_ = None
    return open_, None if most == resource.RLIM_INFINITY else most


def machine() -> tuple[str, str, int]:
    """Return our version, Python's, and the number of threads."""
    return __version__, f"{platform.python_version()} on {sys.platform}", threading.active_count()
