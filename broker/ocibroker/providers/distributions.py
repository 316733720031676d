"""Plugins of other distributions, seen by their metadata alone: nothing of them is imported here."""

from __future__ import annotations

import hashlib
import importlib
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING

from ocibroker.errors import ProviderUnavailable
from ocibroker.hookspecs import PROJECT
from ocibroker.providers.built_in import BUILT_IN

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


@dataclass(frozen=True, slots=True)
class Installed:
    """A plugin and the distribution that offers it.

    ``record`` is the SHA-256 of its ``RECORD``, which lists the hash of each file that was installed
    (https://packaging.python.org/specifications/recording-installed-packages/); empty where there is none, and as
    long as nobody has asked :func:`recorded`.
    """

    name: str
    module: str
    distribution: str
    version: str
    record: str = ""


def installed() -> tuple[Installed, ...]:
    """Return the plugins of other distributions, sorted by name."""
    # Slow to import, and most runs need no plugin but the built-in ones.
    from importlib.metadata import entry_points

    found = (_described(point) for point in entry_points(group=PROJECT) if point.name not in BUILT_IN)
    return tuple(sorted(found, key=lambda one: (one.name, one.distribution)))


def recorded(one: Installed) -> Installed:
    """Return ``one`` with its ``record``, as it is on disk now."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        folder = getattr(distribution(one.distribution), "_path", None)  # nothing public leads to it
        return replace(one, record=hashlib.sha256((folder / "RECORD").read_bytes()).hexdigest()) if folder else one
    except (OSError, PackageNotFoundError):
        return one


def import_plugin(name: str) -> ModuleType:
    """Import the plugin of that name, from exactly one distribution.

    Raises :class:`~ocibroker.errors.ProviderUnavailable` that says what to install or remove.
    """
    if name in BUILT_IN:
        return importlib.import_module(BUILT_IN[name])
    offers = [one for one in installed() if one.name == name]
    if not offers:
        raise ProviderUnavailable("is not installed", culprit=f"plugin {name}", hint="see `ocibroker providers`")
    if len(offers) > 1:
        among = " and ".join(one.distribution for one in offers)
        raise ProviderUnavailable(f"is offered by {among}", culprit=f"plugin {name}", hint="uninstall all but one")
    return _imported(offers[0])


def _imported(offer: Installed) -> ModuleType:
    try:
        return importlib.import_module(offer.module)
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:  # noqa: BLE001  # a plugin may raise anything, SystemExit included
        why = f"cannot be imported: {type(error).__name__}"
    hint = f"mend or uninstall {offer.distribution} {offer.version}"
    raise ProviderUnavailable(why, culprit=f"plugin {offer.name}", hint=hint)


def _described(point: EntryPoint) -> Installed:
    distribution = point.dist
    if distribution is None:
        return Installed(point.name, point.module, "unknown", "")
    return Installed(point.name, point.module, distribution.name, distribution.version)
