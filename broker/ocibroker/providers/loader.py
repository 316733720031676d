"""The allow-list that loads plugins one by one: the built-in ones, and those that the configuration names."""

from __future__ import annotations

import importlib
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType, ModuleType
from typing import Any, Final

import pluggy

from ocibroker import hookspecs
from ocibroker.errors import ConfigurationError, OcibrokerError, ProviderUnavailable
from ocibroker.hookspecs import PROJECT, Provider
from ocibroker.providers.built_in import BUILT_IN, UNASKED
from ocibroker.request import Options

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

    @property
    def known(self) -> Mapping[str, Provider[Any]]:
        """All that a rule may name: those that may answer, and what is built in and would be loaded for it."""
        return {**{name: _built_in(name)[0] for name in BUILT_IN}, **self.loaded}


def load(names: Iterable[str] = (), *, given: Iterable[object] = ()) -> Providers:
    """Load what is built in and claims targets, those called ``names``, and the objects in ``given``.

    The latter need no installing. A name that a provider already has is not sought any more. A plugin that fails is
    left out and remembered. Two providers of one name are a :class:`~ocibroker.errors.ConfigurationError`.
    """
    loaded: dict[str, Provider[Any]] = {}
    broken: dict[str, OcibrokerError] = {}
    for number, plugin in enumerate(given):
        _add(loaded, _provided(plugin, f"given-{number}"), taken=BUILT_IN)
    wanted = dict.fromkeys(names)
    for name in BUILT_IN:
        if name in UNASKED or name in wanted:
            _add(loaded, _built_in(name))
    for name in wanted:
        if name in loaded:
            continue
        from ocibroker.providers.distributions import import_plugin  # here, since most configurations name none

        try:
            _add(loaded, _provided(import_plugin(name), name), taken=BUILT_IN)
        except ProviderUnavailable as error:
            broken[name] = error
    # A provider need not be called as its plugin is: a rule then names one that is no plugin, and yet is there.
    broken = {name: error for name, error in broken.items() if name not in loaded}
    return Providers(MappingProxyType(loaded), MappingProxyType(broken))


def _built_in(name: str) -> list[Provider[Any]]:
    # Without pluggy, which looks through each plugin for what ours are known to have: 3 ms of each command.
    return [*importlib.import_module(BUILT_IN[name]).ocibroker_providers()]


def _provided(plugin: ModuleType | object, name: str) -> list[Provider[Any]]:
    """Return what one plugin offers. It has a plugin manager of its own: pluggy stops at the first that raises."""
    plugins = pluggy.PluginManager(PROJECT)
    plugins.add_hookspecs(hookspecs)
    try:
        plugins.register(plugin, name=name)
        plugins.check_pending()
        return [_checked(one, name) for part in _offers(plugins, name) for one in part]
    except pluggy.PluginValidationError as error:
        why = f"does not implement the hook: {' '.join(str(error).split())}"
    except OcibrokerError:
        raise
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:  # noqa: BLE001  # a plugin may raise anything
        why = f"failed to name its providers: {type(error).__name__}"
    raise ProviderUnavailable(why, culprit=f"plugin {name}", hint="mend or uninstall it")


def _offers(plugins: pluggy.PluginManager, name: str) -> Any:  # noqa: ANN401  # whatever the hook returned
    hook = plugins.hook.ocibroker_providers
    if not hook.get_hookimpls():
        raise ProviderUnavailable("implements no hook", culprit=f"plugin {name}", hint="mark it @providers")
    return hook()


def _checked(provider: Any, plugin: str) -> Provider[Any]:  # noqa: ANN401  # whatever the hook returned
    if flaw := _flaw(provider):
        why = f"offers a provider {flaw}"
        raise ProviderUnavailable(why, culprit=f"plugin {plugin}", hint="mend or uninstall it")
    checked: Provider[Any] = provider
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


def _add(loaded: dict[str, Provider[Any]], found: list[Provider[Any]], *, taken: Container[str] = ()) -> None:
    for provider in found:
        if provider.name in loaded or provider.name in taken:
            raise ConfigurationError("two plugins offer it", culprit=f"provider {provider.name}", hint="drop one")
        loaded[provider.name] = provider
