"""Where the logins of Docker, Podman, skopeo, Helm and of ocibroker itself lie, in the order of their precedence.

ocibroker's own file comes first, then what a variable names, since somebody meant it: ``DOCKER_AUTH_CONFIG``,
``REGISTRY_AUTH_FILE``, ``DOCKER_CONFIG``, ``HELM_REGISTRY_CONFIG``. The default places follow: Podman's, then
Docker's, then Helm's. With ``REGISTRY_AUTH_FILE`` there are none: Podman and skopeo then read that file alone.

Follows ``getAuthFilePaths`` of containers/image, ``config.Dir`` of docker/cli, and ``helmpath`` of Helm. A variable
that is empty is one that is not set.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ocibroker.authfile import AuthFile, logins_path

VARIABLE: Final = "DOCKER_AUTH_CONFIG"


@dataclass(frozen=True, slots=True)
class LoginPlace:
    """A file with logins, whether it exists or not; without a path, the variable that holds the content of one.

    ``legacy`` is the form of ``~/.dockercfg``.
    """

    path: Path | None
    legacy: bool = False

    def read(self, environ: Mapping[str, str]) -> AuthFile:
        """Return the logins; raises :class:`~ocibroker.errors.ConfigurationError` where they cannot be read."""
        if self.path is None:
            return AuthFile.parse(environ.get(VARIABLE, ""), source=VARIABLE)
        return AuthFile.read(self.path, legacy=self.legacy)

    def exists(self) -> bool:
        """Whether there is something to read."""
        return self.path is None or self.path.exists()

    def __str__(self) -> str:
        return VARIABLE if self.path is None else str(self.path)


def login_places(environ: Mapping[str, str], *, platform: str = sys.platform) -> tuple[LoginPlace, ...]:
    """Return the places to look at, each once; ``platform`` is as in :data:`sys.platform`.

    Nothing is read. Without ``HOME`` (on Windows ``USERPROFILE``), the places below it are left out.
    """
    home = _folder(environ, "HOME") or _folder(environ, "USERPROFILE")
    places = [*_named(environ, home)]
    if not environ.get("REGISTRY_AUTH_FILE"):
        places += [*_podman(environ, home, platform), *_docker(environ, home), *_helm(environ, home, platform)]
    return tuple(dict.fromkeys(places))


def _named(environ: Mapping[str, str], home: Path | None) -> Iterator[LoginPlace]:
    if home or environ.get("XDG_CONFIG_HOME"):
        yield LoginPlace(logins_path(environ).absolute())
    if environ.get(VARIABLE):
        yield LoginPlace(None)
    if file := _folder(environ, "REGISTRY_AUTH_FILE"):
        yield LoginPlace(file)
    if folder := _folder(environ, "DOCKER_CONFIG"):
        yield LoginPlace(folder / "config.json")
    if file := _folder(environ, "HELM_REGISTRY_CONFIG"):
        yield LoginPlace(file)


def _podman(environ: Mapping[str, str], home: Path | None, platform: str) -> Iterator[LoginPlace]:
    if platform == "linux":
        runtime = _folder(environ, "XDG_RUNTIME_DIR") or Path("/run/containers") / str(os.getuid())
        yield LoginPlace(runtime / ("containers/auth.json" if environ.get("XDG_RUNTIME_DIR") else "auth.json"))
    elif home:
        yield LoginPlace(home / ".config" / "containers" / "auth.json")
    if settings := _settings(environ, home):
        yield LoginPlace(settings / "containers" / "auth.json")


def _docker(environ: Mapping[str, str], home: Path | None) -> Iterator[LoginPlace]:
    if home:
        if not environ.get("DOCKER_CONFIG"):
            yield LoginPlace(home / ".docker" / "config.json")
        yield LoginPlace(home / ".dockercfg", legacy=True)


def _helm(environ: Mapping[str, str], home: Path | None, platform: str) -> Iterator[LoginPlace]:
    if not environ.get("HELM_REGISTRY_CONFIG") and (file := helm_file(environ, home, platform)):
        yield LoginPlace(file)


def helm_file(environ: Mapping[str, str], home: Path | None, platform: str) -> Path | None:
    """Return where Helm keeps its logins: what ``helm env HELM_REGISTRY_CONFIG`` prints; none without a home."""
    if file := _folder(environ, "HELM_REGISTRY_CONFIG"):
        return file
    folder = _folder(environ, "HELM_CONFIG_HOME") or _helm_default(environ, home, platform)
    return folder / "registry" / "config.json" if folder else None


def _helm_default(environ: Mapping[str, str], home: Path | None, platform: str) -> Path | None:
    settings = _folder(environ, "XDG_CONFIG_HOME")
    if settings is None and platform == "darwin":
        settings = home / "Library" / "Preferences" if home else None
    elif settings is None:
        settings = _folder(environ, "APPDATA") if platform == "win32" else _settings(environ, home)
    return settings / "helm" if settings else None


def _settings(environ: Mapping[str, str], home: Path | None) -> Path | None:
    return _folder(environ, "XDG_CONFIG_HOME") or (home / ".config" if home else None)


def _folder(environ: Mapping[str, str], name: str) -> Path | None:
    """Return the path in a variable, made absolute: it is watched, and the working directory may change."""
    value = environ.get(name)
    return Path(value).absolute() if value else None
