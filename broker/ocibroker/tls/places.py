"""Where other tools keep a registry's certificates: one folder a host, named after it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ocibroker.origin import DEFAULT_PORT, Origin
from ocibroker.target import ALIASES

HOSTS_TOML: Final = "hosts.toml"

_SYSTEM: Final = Path("/etc")
_READS_AS_ANOTHER: Final = re.compile(r".*_[0-9]+_|_default", re.ASCII)
"""Names that containerd reads as ``host:port`` or as any host, and that a host may bear all the same."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that may hold the settings of one host, and in whose layout."""

    folder: Path
    layout: Literal["docker", "containerd"]

    @property
    def watch(self) -> tuple[Path, ...]:
        """What changes when a setting comes or goes. The certificates themselves are not among it."""
        return (self.folder, self.folder / HOSTS_TOML) if self.layout == "containerd" else (self.folder,)


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of folders: ``certs_d`` in Docker's layout, and ``containerd``; each in the order of reading."""

    certs_d: tuple[Path, ...] = ()
    containerd: tuple[Path, ...] = ()

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], *, system: Path = _SYSTEM) -> Places:
        """Return the user's places and the system's; without ``HOME`` the user has none there.

        The order is that of containers-certs.d(5): the user's before the system's, containers' before Docker's.
        """
        home, named = _absolute(environ.get("HOME")), _absolute(environ.get("XDG_CONFIG_HOME"))
        usual = home / ".config" if home else None
        # containers itself knows no XDG_CONFIG_HOME here, so what it does read comes first; rootless Docker does.
        users = [folder / "containers" for folder in (usual, named) if folder]
        users += [folder / "docker" for folder in (named or usual,) if folder]
        users += [home / ".docker"] if home else []  # Docker Desktop copies it into its machine
        systems = [system / "containers", system / "docker"]
        folders = dict.fromkeys(folder / "certs.d" for folder in (*users, *systems))
        return cls(tuple(folders), (system / "containerd" / "certs.d",))

    def of(self, origin: Origin) -> tuple[Place, ...]:
        """Return where settings for ``origin`` may be, existing or not; nowhere if it is spoken to in the clear.

        A folder is compared with the whole ``host:port``, in its canonical form; port 443 may be left out.
        """
        if origin.scheme == "http":
            return ()
        docker = (Place(root / name, "docker") for root in self.certs_d for name in _names(origin))
        containerd = (Place(root / name, "containerd") for root in self.containerd for name in _colon_free(origin))
        return (*docker, *containerd)

    def watch(self, origin: Origin) -> tuple[Path, ...]:
        """Return what changes when one of these places comes, goes, or gets another file."""
        return tuple(path for place in self.of(origin) for path in place.watch)

    @property
    def for_any_host(self) -> tuple[Path, ...]:
        """Folders that containerd uses for every host that has none."""
        return tuple(root / "_default" for root in self.containerd)


def _names(origin: Origin) -> Iterator[str]:
    for host in _hosts(origin):
        if origin.port == DEFAULT_PORT[origin.scheme]:
            yield host
        yield f"{host}:{origin.port}"


def _colon_free(origin: Origin) -> Iterator[str]:
    """Return the names in containerd's order: ``host_port_`` before ``host:port``."""
    for name in _names(origin):
        host = name.removesuffix(f":{origin.port}")
        if name != host:
            yield f"{host}_{origin.port}_"
        if name != host or not _READS_AS_ANOTHER.fullmatch(host):
            yield name


def _hosts(origin: Origin) -> tuple[str, ...]:
    """Return the host's names: Docker Hub's folder is ``docker.io``, whoever serves its API."""
    alias = ALIASES.get(origin.authority, origin.host)
    return tuple(dict.fromkeys((alias, origin.host)))


def _absolute(text: str | None) -> Path | None:
    path = Path(text or "")
    return path if path.is_absolute() else None
