"""What other tools' settings say of a host for which there is no ``[[tls]]`` entry.

The first place that exists wins whole. What is there and does not count is told in notes, and never obeyed.
"""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

from ocibroker.origin import Origin
from ocibroker.tls.discovered import Discovered
from ocibroker.tls.places import HOSTS_TOML, Place, Places
from ocibroker.tls.refused import refused

_ABSENT: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL})
"""Invalid is what Windows says of a colon in a name."""


def discover(origin: Origin, places: Places) -> Discovered:
    """Return what the first existing place says of ``origin``, its certificates unread.

    Raises :class:`~ocibroker.errors.TLSConfigurationError` for a place that cannot be read or contradicts itself.
    """
    folders = {place: _state(place.folder) for place in places.of(origin)}
    standing = [place for place, state in folders.items() if state == "there"]
    closed = (place.folder for place, state in folders.items() if state == "closed")
    notes = [f"{folder}: passed over, its parent may not be entered" for folder in closed]
    if not standing:
        return Discovered(notes=(*notes, *_for_any_host(origin, places)))
    found = _read(standing[0], origin)
    others = (f"{place.folder}: shadowed by {standing[0].folder}" for place in standing[1:])
    return replace(found, notes=(*found.notes, *others, *notes))


def shadowed(origin: Origin, places: Places, by: str) -> tuple[str, ...]:
    """Return notes on the places that would count if ``by`` did not."""
    folders = (place.folder for place in places.of(origin))
    return tuple(f"{folder}: shadowed by {by}" for folder in folders if _state(folder) == "there")


def _read(place: Place, origin: Origin) -> Discovered:
    from ocibroker.tls.certs_d import read_folder  # here, since most hosts have no such place

    if place.layout == "docker":
        return read_folder(place.folder, origin.authority)
    file = place.folder / HOSTS_TOML
    content = _content(file, origin.authority)
    if not content:  # containerd takes an empty file for none
        return read_folder(place.folder, origin.authority, key_inside=True)
    from ocibroker.tls.hosts_toml import read_hosts  # few have one, and it imports msgspec

    return read_hosts(file, content, origin)


def _content(file: Path, host: str) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise refused(
            file, host, f"cannot be read: {error.strerror}", "correct its mode, or take it away"
        ) from None


def _for_any_host(origin: Origin, places: Places) -> tuple[str, ...]:
    """Return notes on containerd's default: what is meant for images would hold for every host of a redirect."""
    folders = places.for_any_host if origin.scheme == "https" else ()
    return tuple(f"{folder}: for any host, not obeyed" for folder in folders if _state(folder) == "there")


def _state(folder: Path) -> Literal["there", "absent", "closed"]:
    try:
        folder.stat()
    except PermissionError:
        return "closed"  # containers passes it over too: nobody can tell whether there is one for this host
    except OSError as error:
        return "absent" if error.errno in _ABSENT else "there"
    return "there"
