"""``credHelpers``: the hosts for which a tool that reads Docker's files asks us, in one of these files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from ocibroker.errors import ConfigurationError, InvalidValue
from ocibroker.helper_protocol import NAME, PREFIX
from ocibroker.setup.members import put_members
from ocibroker.setup.plan import Planned, Read
from ocibroker.setup.revert import HELPERS
from ocibroker.setup.settings import Host, Settings
from ocibroker.target import DOCKER_HUB

_HUB: Final = ("https://index.docker.io/v1/", "index.docker.io")
"""What Docker and containers look Docker Hub up by."""


def helper_entries(path: Path, settings: Settings, read: Read) -> tuple[Planned, ...]:
    """Return the file at ``path`` with an entry for each host that is asked for; nothing if there is none.

    Raises :class:`~ocibroker.errors.ConfigurationError` for a file that is broken: it is not overwritten.
    """
    values = {key: NAME.removeprefix(PREFIX) for host in settings.asking for key in _keys(host)}
    if not values:
        return ()
    try:
        text = put_members((read(path) or b"").decode(), HELPERS, values)
    except InvalidValue as error:
        why = error.message
    except UnicodeDecodeError:
        why = "is not UTF-8"
    else:
        return (Planned(path, text.encode(), "json", mode=0o600),)
    raise ConfigurationError(why, culprit=str(path), hint="correct it, or move it away")


def untold(settings: Settings) -> Iterator[str]:
    """Return what a protocol that knows whole hosts by name cannot be told."""
    yield from globs_untold(settings)
    for host in settings.hosts:
        if host.paths and not host.asks:
            part = f"{host.name}/{host.paths[0]}"
            yield f"not told of {part}: it asks for whole hosts, and no rule is for all of {host.name}"


def globs_untold(settings: Settings) -> Iterator[str]:
    """Return the rules for many hosts at once, which a tool that knows no such patterns cannot be told."""
    if settings.globs:
        yield f"not told of {', '.join(settings.globs)}: it knows no *, so name hosts with --host"


def only_added(settings: Settings) -> Iterator[str]:
    """Return the hosts whose authorities are added to the system's roots by a tool that knows no other way."""
    for host in settings.hosts:
        if host.trust.ca_only:
            yield f"{host.name}: ca_only cannot be told; the system's roots count as well"


def _keys(host: Host) -> Iterable[str]:
    return _HUB if host.name == DOCKER_HUB else (host.name,)
