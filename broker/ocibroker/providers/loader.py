"""The allow-list that loads plugins one by one: the built-in ones, and those that the configuration names."""

from __future__ import annotations

import importlib
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, ModuleType
from typing import Any

from ocibroker.errors import ConfigurationError, OcibrokerError, ProviderUnavailable
from ocibroker.hookspecs import AuditObserver, Provider
from ocibroker.providers.built_in import BUILT_IN, UNASKED
from ocibroker.secret_source import SecretSource


@dataclass(frozen=True, slots=True)
class Providers:
    """The providers that may answer, by name, and the plugins that could not be loaded, with the reason.

    ``observers`` are told of every record of the sidecar's audit trail, by the name of their plugin. ``stores`` are
    the sources of secrets that plugins of others have offered, by name.
    """

    loaded: Mapping[str, Provider[Any]]
    broken: Mapping[str, OcibrokerError]
    observers: Mapping[str, tuple[AuditObserver, ...]] = field(default_factory=lambda: MappingProxyType({}))
    stores: Mapping[str, SecretSource[Any]] = field(default_factory=lambda: MappingProxyType({}))

    def get(self, name: str) -> Provider[Any]:
        """Return the provider, or raise the :class:`~ocibroker.errors.ProviderUnavailable` that says why not."""
        if name in self.loaded:
            return self.loaded[name]
        if name in self.broken:
            raise self.broken[name].restated()
        raise ProviderUnavailable("is not known", culprit=f"provider {name}", hint="see `ocibroker providers`")

    def have(self, plugin: str, module: str) -> bool:
        """Whether anything of the plugin of that name and module is loaded: its providers may have other names."""
        named = plugin in self.loaded or plugin in self.observers
        return named or any(_is_of(one, module) for one in (*self, *self.stores.values()))

    def store(self, name: str) -> SecretSource[Any]:
        """Return the source of secrets of that name, or raise :class:`~ocibroker.errors.ConfigurationError`."""
        from ocibroker.providers.stores import store  # here, since few secrets lie in a store

        return store(name, self.stores)

    def __iter__(self) -> Iterator[Provider[Any]]:
        return iter(self.loaded.values())

    @property
    def known(self) -> Mapping[str, Provider[Any]]:
        """All that a rule may name: those that may answer, and what is built in and would be loaded for it."""
        return {**{name: _built_in(name)[0] for name in BUILT_IN}, **self.loaded}


def _is_of(part: Provider[Any] | SecretSource[Any], module: str) -> bool:
    # The options are always a plugin's own, and the class may be ours.
    places = (type(part).__module__, part.options.__module__)
    return any(f"{place}.".startswith(f"{module}.") for place in places)


def load(names: Iterable[str] = (), *, given: Iterable[object] = ()) -> Providers:
    """Load what is built in and claims targets, those called ``names``, and the objects in ``given``.

    The latter need no installing. A name that a provider already has is not sought any more. A plugin that fails is
    left out and remembered. Two providers of one name are a :class:`~ocibroker.errors.ConfigurationError`.
    """
    loaded: dict[str, Provider[Any]] = {}
    broken: dict[str, OcibrokerError] = {}
    beside = _Beside()
    for number, plugin in enumerate(given):
        _take(loaded, beside, plugin, f"given-{number}")
    wanted = dict.fromkeys(names)
    for name in BUILT_IN:
        if name in UNASKED or name in wanted:
            _add(loaded, _built_in(name))
    for name in wanted:
        if name in loaded:
            continue
        from ocibroker.providers.distributions import import_plugin  # here, since most configurations name none

        try:
            _take(loaded, beside, import_plugin(name), name)
        except ProviderUnavailable as error:
            broken[name] = error
    # A provider need not be called as its plugin is: a rule then names one that is no plugin, and yet is there.
    broken = {name: error for name, error in broken.items() if name not in loaded}
    observers, stores = MappingProxyType(beside.observers), MappingProxyType(beside.stores)
    return Providers(MappingProxyType(loaded), MappingProxyType(broken), observers, stores)


def _built_in(name: str) -> list[Provider[Any]]:
    # Without pluggy, which looks through each plugin for what ours are known to have: 3 ms of each command.
    return [*importlib.import_module(BUILT_IN[name]).ocibroker_providers()]


@dataclass(frozen=True, slots=True)
class _Beside:
    """What plugins offer beside providers."""

    observers: dict[str, tuple[AuditObserver, ...]] = field(default_factory=dict)
    stores: dict[str, SecretSource[Any]] = field(default_factory=dict)


def _take(loaded: dict[str, Provider[Any]], beside: _Beside, plugin: ModuleType | object, name: str) -> None:
    from ocibroker.providers.offer import offer_of  # here, since most configurations name no plugin

    offer = offer_of(plugin, name)
    _add(loaded, offer.providers, taken=BUILT_IN)
    if offer.observers:
        beside.observers[name] = tuple(offer.observers)
    if offer.stores:
        from ocibroker.providers.stores import add  # here, as above

        add(beside.stores, offer.stores)


def _add(loaded: dict[str, Provider[Any]], found: Iterable[Provider[Any]], *, taken: Container[str] = ()) -> None:
    for provider in found:
        if provider.name in loaded or provider.name in taken:
            raise ConfigurationError("two plugins offer it", culprit=f"provider {provider.name}", hint="drop one")
        loaded[provider.name] = provider
