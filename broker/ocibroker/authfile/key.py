"""What a key of an authentication file names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ocibroker.errors import InvalidTarget
from ocibroker.origin import DEFAULT_PORT
from ocibroker.target import API_PATHS, Target


def key_of(target: Target) -> str:
    """Return the key of a login for ``target``: ``host[:port][/path]``."""
    return next(places(target))


def places(target: Target) -> Iterator[str]:
    """Return the keys that answer for ``target``, the most specific first, in the spelling of a target.

    Follows containers-auth.json(5): ``host/namespace/repository``, then each shorter path on ``/`` boundaries,
    then ``host``.
    """
    segments = target.path.split("/") if target.path else []
    for count in range(len(segments), -1, -1):
        yield "/".join((target.registry, *segments[:count]))


def matching(keys: Iterable[str], place: str, target: Target) -> list[str]:
    """Return those of ``keys`` that name ``place`` on the host of ``target``; its own spelling comes first."""
    return sorted((key for key in keys if _place(key, target) == place), key=lambda key: key != place)


def _place(key: str, target: Target) -> str | None:
    """Return the place that ``key`` names, or none of one that no host parser accepts: it never matches.

    A URL is a spelling of Docker's older versions and stands for its whole host, whatever its path
    (``ConvertToHostname`` in docker/cli, ``normalizeAuthFileKey`` in containers/image). Otherwise a path counts.
    """
    url, authority, path = _parts(key)
    try:
        # The scheme of a key is not how its host is reached, so it says nothing of the port that it leaves out.
        named = Target(authority, scheme=target.scheme).registry
    except InvalidTarget:
        return None
    return named if url or not path or path in API_PATHS else f"{named}/{path}"


def _parts(key: str) -> tuple[bool, str, str]:
    scheme, mark, rest = key.partition("://")
    url = bool(mark) and scheme.lower() in DEFAULT_PORT
    authority, _, path = (rest if url else key).partition("/")
    return url, authority, path.rstrip("/")
