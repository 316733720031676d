"""The allow-list that loads plugins one by one: the built-in ones, and those that the configuration names."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, ModuleType
from typing import Any, Final

import pluggy

from ocibroker import hookspecs, secret_source
from ocibroker.errors import ConfigurationError, OcibrokerError, ProviderUnavailable
from ocibroker.hookspecs import PROJECT, Provider
from ocibroker.providers.built_in import BUILT_IN
from ocibroker.request import Options
from ocibroker.secret_source import SecretSource

_NAME: Final = re.compile(r"[a-z][a-z0-9-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Providers:
    """The providers that may answer, by name, and the plugins that could not be loaded, with the reason.

    ``stores`` are the sources of secrets that plugins of others have offered.
    """

    loaded: Mapping[str, Provider[Any]]
    broken: Mapping[str, OcibrokerError]
    stores: Mapping[str, SecretSource[Any]] = field(default_factory=lambda: MappingProxyType({}))

    def get(self, name: str) -> Provider[Any]:
        """Return the provider, or raise the :class:`~ocibroker.errors.ProviderUnavailable` that says why not."""
        if name in self.loaded:
            return self.loaded[name]
        if name in self.broken:
            raise self.broken[name].restated()
        raise ProviderUnavailable("is not known", culprit=f"provider {name}", hint="see `ocibroker providers`")

    def store(self, name: str) -> SecretSource[Any]:
        """Return the source of secrets of that name, or raise :class:`~ocibroker.errors.ConfigurationError`."""
        from ocibroker.providers.stores import store  # here, since few secrets lie in a store

        return store(name, self.stores)

    def __iter__(self) -> Iterator[Provider[Any]]:
        return iter(self.loaded.values())


def load(names: Iterable[str] = (), *, given: Iterable[object] = ()) -> Providers:
    """Load the objects in ``given``, which need no installing, the built-in plugins, and those called ``names``.

    A name that a provider already has is not sought any more. A plugin that fails is left out and remembered. Two
    providers of one name are a :class:`~ocibroker.errors.ConfigurationError`.
    """
    loaded: dict[str, Provider[Any]] = {}
    stores: dict[str, SecretSource[Any]] = {}
    broken: dict[str, OcibrokerError] = {}
    for number, plugin in enumerate(given):
        _add_all(loaded, stores, _offered(plugin, f"given-{number}"))
    for name in BUILT_IN:
        # Without pluggy, which looks through each plugin for what ours are known to have: 3 ms of each command.
        _add(loaded, [*importlib.import_module(BUILT_IN[name]).ocibroker_providers()])
    for name in dict.fromkeys(names):
        if name in loaded:
            continue
        from ocibroker.providers.distributions import import_plugin  # here, since most configurations name none

        try:
            _add_all(loaded, stores, _offered(import_plugin(name), name))
        except ProviderUnavailable as error:
            broken[name] = error
    # A provider need not be called as its plugin is: a rule then names one that is no plugin, and yet is there.
    broken = {name: error for name, error in broken.items() if name not in loaded}
    return Providers(MappingProxyType(loaded), MappingProxyType(broken), MappingProxyType(stores))


def _offered(plugin: ModuleType | object, name: str) -> tuple[list[Provider[Any]], list[SecretSource[Any]]]:
    """Return what one plugin offers. It has a plugin manager of its own: pluggy stops at the first that raises."""
    plugins = pluggy.PluginManager(PROJECT)
    for specification in (hookspecs, secret_source):
        plugins.add_hookspecs(specification)
    try:
        plugins.register(plugin, name=name)
        plugins.check_pending()
        providers, stores = _offers(plugins, name)
        return [_checked(one, name) for one in providers], [_checked_store(one, name) for one in stores]
    except pluggy.PluginValidationError as error:
        why = f"does not implement the hook: {' '.join(str(error).split())}"
    except OcibrokerError:
        raise
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:  # noqa: BLE001  # a plugin may raise anything
        why = f"failed to name its providers: {type(error).__name__}"
    raise ProviderUnavailable(why, culprit=f"plugin {name}", hint="mend or uninstall it")


def _offers(plugins: pluggy.PluginManager, name: str) -> tuple[list[Any], list[Any]]:
    """Return whatever the hooks returned: providers, and sources of secrets."""
    providers, stores = plugins.hook.ocibroker_providers, plugins.hook.ocibroker_secret_sources
    if not providers.get_hookimpls() and not stores.get_hookimpls():
        hint = "mark it @providers or @secret_sources"
        raise ProviderUnavailable("implements no hook", culprit=f"plugin {name}", hint=hint)
    return [one for part in providers() for one in part], [one for part in stores() for one in part]


def _checked(provider: Any, plugin: str) -> Provider[Any]:  # noqa: ANN401  # whatever the hook returned
    if flaw := _flaw(provider):
        why = f"offers a provider {flaw}"
        raise ProviderUnavailable(why, culprit=f"plugin {plugin}", hint="mend or uninstall it")
    checked: Provider[Any] = provider
    return checked


def _checked_store(store: Any, plugin: str) -> SecretSource[Any]:  # noqa: ANN401  # whatever the hook returned
    from ocibroker.providers.stores import flaw  # here, since few plugins offer any

    if found := flaw(store):
        why = f"offers a source of secrets {found}"
        raise ProviderUnavailable(why, culprit=f"plugin {plugin}", hint="mend or uninstall it")
    checked: SecretSource[Any] = store
    return checked


def _flaw(provider: Any) -> str:  # noqa: ANN401  # whatever the hook returned
    for part in ("name", "options", "claim", "identity", "fetch"):
        if not hasattr(provider, part):
            return f"without {part}"
    for method in ("claim", "identity", "fetch"):
        if not callable(getattr(provider, method)):
            return f"whose {method} is no method"
    if not (isinstance(provider.name, str) and _NAME.fullmatch(provider.name)):
        return "with a bad name"
    if not (isinstance(provider.options, type) and issubclass(provider.options, Options)):
        return "whose options are no Options"
    return ""


def _add_all(
    loaded: dict[str, Provider[Any]],
    stores: dict[str, SecretSource[Any]],
    offered: tuple[list[Provider[Any]], list[SecretSource[Any]]],
) -> None:
    _add(loaded, offered[0])
    for store in offered[1]:
        from ocibroker.providers.stores import STORES

        if store.name in stores or store.name in STORES:
            raise ConfigurationError("two plugins offer it", culprit=f"secrets of {store.name}", hint="drop one")
        stores[store.name] = store


def _add(loaded: dict[str, Provider[Any]], found: list[Provider[Any]]) -> None:
    for provider in found:
        if provider.name in loaded:
            raise ConfigurationError("two plugins offer it", culprit=f"provider {provider.name}", hint="drop one")
        loaded[provider.name] = provider
