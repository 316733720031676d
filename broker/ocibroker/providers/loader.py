"""The allow-list that loads plugins one by one: the built-in ones, and those that the configuration names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType, ModuleType
from typing import Any, Final

import pluggy

from ocibroker import hookspecs
from ocibroker.errors import ConfigurationError, OcibrokerError, ProviderUnavailable
from ocibroker.hookspecs import PROJECT, Provider
from ocibroker.providers.built_in import BUILT_IN
from ocibroker.providers.installed import import_plugin

_NAME: Final = re.compile(r"[a-z][a-z0-9-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Providers:
    """The providers that may answer, by name, and the plugins that could not be loaded, with the reason."""

    loaded: Mapping[str, Provider[Any]]
    broken: Mapping[str, OcibrokerError]

    def get(self, name: str) -> Provider[Any]:
        """Return the provider, or raise the :class:`~ocibroker.errors.ProviderUnavailable` that says why not."""
        if name in self.loaded:
            return self.loaded[name]
        if name in self.broken:
            raise self.broken[name].restated()
        raise ProviderUnavailable("is not known", culprit=f"provider {name}", hint="see `ocibroker providers`")

    def __iter__(self) -> Iterator[Provider[Any]]:
        return iter(self.loaded.values())


def load(names: Iterable[str] = (), *, given: Iterable[object] = ()) -> Providers:
    """Load the built-in plugins, those called ``names``, and the objects in ``given``, which need no installing.

    A plugin that fails is left out and remembered. Two providers of one name are a
    :class:`~ocibroker.errors.ConfigurationError`.
    """
    loaded: dict[str, Provider[Any]] = {}
    broken: dict[str, OcibrokerError] = {}
    for name in dict.fromkeys((*BUILT_IN, *names)):
        try:
            _add(loaded, _provided(import_plugin(name), name))
        except ProviderUnavailable as error:
            broken[name] = error
    for number, plugin in enumerate(given):
        _add(loaded, _provided(plugin, f"given-{number}"))
    return Providers(MappingProxyType(loaded), MappingProxyType(broken))


def _provided(plugin: ModuleType | object, name: str) -> list[Provider[Any]]:
    """Return what one plugin offers. It has a plugin manager of its own: pluggy stops at the first that raises."""
    plugins = pluggy.PluginManager(PROJECT)
    plugins.add_hookspecs(hookspecs)
    try:
        plugins.register(plugin, name=name)
        plugins.check_pending()
        return [_checked(one, name) for part in plugins.hook.ocibroker_providers() for one in part]
    except pluggy.PluginValidationError as error:
        why = f"does not implement the hook: {error}"
    except OcibrokerError:
        raise
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:  # noqa: BLE001  # a plugin may raise anything
        why = f"failed to name its providers: {type(error).__name__}"
    raise ProviderUnavailable(why, culprit=f"plugin {name}", hint="mend or uninstall it")


def _checked(provider: Any, plugin: str) -> Provider[Any]:  # noqa: ANN401  # whatever the hook returned
    missing = [part for part in ("name", "options", "claim", "identity", "fetch") if not hasattr(provider, part)]
    if missing:
        raise ProviderUnavailable(f"offers a provider without {missing[0]}", culprit=f"plugin {plugin}")
    if not (isinstance(provider.name, str) and _NAME.fullmatch(provider.name)):
        raise ProviderUnavailable("offers a provider with a bad name", culprit=f"plugin {plugin}")
    checked: Provider[Any] = provider
    return checked


def _add(loaded: dict[str, Provider[Any]], found: list[Provider[Any]]) -> None:
    for provider in found:
        if provider.name in loaded:
            raise ConfigurationError("two plugins offer it", culprit=f"provider {provider.name}", hint="drop one")
        loaded[provider.name] = provider
