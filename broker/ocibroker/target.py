"""Where the caller wants to go, parsed once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from ocibroker.errors import InvalidTarget
from ocibroker.host import shown, split_authority
from ocibroker.origin import DEFAULT_PORT, Origin, Scheme
from ocibroker.url_path import normalised

PULL: Final = ("pull",)
ACTIONS: Final = frozenset({"pull", "push", "delete"})
"""The actions of the Distribution specification, ``spec/auth/scope.md``, that name a repository."""

DOCKER_HUB: Final = "docker.io"
ALIASES: Final = MappingProxyType({"index.docker.io": DOCKER_HUB, "registry-1.docker.io": DOCKER_HUB})
"""Names of one registry, and the name that stands for all of them."""

ENDPOINTS: Final = MappingProxyType({DOCKER_HUB: "registry-1.docker.io"})
"""Registries whose API is served by another host than the one that names them."""

API_PATHS: Final = frozenset({"v1", "v2"})
"""Paths that stand for the whole registry where a client names it by its API."""

_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY: Final = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Target:
    """An origin, an optional path on it, and what is to be done there.

    ``registry`` is the canonical ``host[:port]`` that rules and providers see: lower case, no default port,
    aliases resolved. ``path`` is a repository or a URL's path, without a leading slash; empty for the whole
    host. ``actions`` are sorted. Port 443 and no port are the same.
    """

    registry: str
    path: str = ""
    actions: tuple[str, ...] = PULL
    scheme: Scheme = "https"

    def __post_init__(self) -> None:
        host, port = split_authority(self.registry)
        default = DEFAULT_PORT[self.scheme]
        name = host if port in {None, default} else f"{host}:{port}"
        object.__setattr__(self, "registry", ALIASES.get(name, name))
        object.__setattr__(self, "actions", _known(self.actions))

    @classmethod
    def parse(cls, text: str, *, actions: tuple[str, ...] = PULL) -> Target:
        """Return the target that ``registry[/repository]`` or ``oci://registry[/repository]`` names.

        Follows the OCI distribution specification 1.1 for repositories and Docker's rule for the registry:
        it has a dot, a port, or is ``localhost``, unless ``oci://`` says that it is one. A repository of
        Docker Hub with one component belongs to ``library``.

        Raises :class:`~ocibroker.errors.InvalidTarget` with what to write instead.
        """
        marked = text.lower().startswith("oci://")
        registry, _, path = (text[6:] if marked else text).partition("/")
        _check_shape(text, registry, path, marked=marked)
        target = cls(registry, path, actions)
        if target.registry == DOCKER_HUB and path and "/" not in path:
            return replace(target, path=f"library/{path}")
        return target

    @classmethod
    def from_url(cls, url: str, *, actions: tuple[str, ...] = PULL) -> Target:
        """Return the target of an ``https://`` or ``http://`` URL: for git, chart repositories and Bazel.

        Query and fragment play no part. Refused are user names and passwords, and paths that a server may read as
        another one than a rule names; ``%2B`` is ``+``, as :func:`~ocibroker.url_path.normalised` has it.

        Raises :class:`~ocibroker.errors.InvalidTarget`.
        """
        origin = Origin.parse(url)
        written = re.split(r"[?#]", url.partition("://")[2], maxsplit=1)[0].partition("/")[2]
        if (path := normalised(written)) is None:
            raise InvalidTarget("has a path that cannot be compared safely", culprit=shown(url))
        return cls(origin.authority, path, actions, origin.scheme)

    def doing(self, actions: tuple[str, ...]) -> Target:
        """Return the same target with other actions."""
        return replace(self, actions=actions)

    @property
    def host(self) -> str:
        """The registry's host name, without a port."""
        return split_authority(self.registry)[0]

    @property
    def port(self) -> int:
        """The registry's port, the scheme's default where none was given."""
        return split_authority(self.registry)[1] or DEFAULT_PORT[self.scheme]

    @property
    def origin(self) -> Origin:
        """Where connections to this target go."""
        return Origin(self.scheme, ENDPOINTS.get(self.host, self.host), self.port)

    def __str__(self) -> str:
        prefix = f"{self.scheme}://" if self.scheme != "https" else "" if _names_itself(self.registry) else "oci://"
        return f"{prefix}{self.registry}/{self.path}" if self.path else f"{prefix}{self.registry}"


def _known(actions: Sequence[str]) -> tuple[str, ...]:
    if isinstance(actions, str) or not actions or not ACTIONS.issuperset(actions):
        raise InvalidTarget(f"unknown actions {actions!r}", hint=f"choose from {', '.join(sorted(ACTIONS))}")
    return tuple(sorted(set(actions)))


def _check_shape(text: str, registry: str, path: str, *, marked: bool) -> None:
    if registry.lower() in {"https:", "http:", "oci:"}:
        raise _refused(text, "carries a scheme", hint="write registry/repository, or oci://registry/repository")
    if not marked and not _names_itself(registry):
        raise _refused(text, "does not name its registry", hint="write docker.io/… for Docker Hub")
    if text.endswith("/") or len(path) > 255 or (path and not _REPOSITORY.fullmatch(path)):
        raise _refused(text, *_why(path))


def _names_itself(registry: str) -> bool:
    """Whether it can be nothing but a registry, by Docker's rule."""
    return bool({".", ":"} & set(registry)) or registry.lower() == "localhost"


def _why(path: str) -> tuple[str, str]:
    last = path.rpartition("/")[2]
    if "@" in last or ":" in last:
        return "names a tag or a digest", "a credential is for a repository: leave out what follows it"
    return "does not name a repository", "lower-case letters, digits, and . _ - between them"


def _refused(text: str, why: str, hint: str = "") -> InvalidTarget:
    return InvalidTarget(why, culprit=shown(text), hint=hint)
