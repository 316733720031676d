"""What one plugin offers, each part looked at before anybody relies on it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

import pluggy

from ocibroker import hookspecs, secret_source
from ocibroker.errors import OcibrokerError, ProviderUnavailable
from ocibroker.hookspecs import PROJECT, AuditObserver, Provider
from ocibroker.reference import STORE
from ocibroker.request import Options
from ocibroker.secret_source import SecretSource

_NAME: Final = "[a-z][a-z0-9-]*"


@dataclass(frozen=True, slots=True)
class Offer:
    """``stores`` are sources of secrets."""

    providers: Sequence[Provider[Any]]
    observers: Sequence[AuditObserver]
    stores: Sequence[SecretSource[Any]]


def offer_of(plugin: ModuleType | object, name: str) -> Offer:
    """Return what the plugin called ``name`` offers; raises :class:`~ocibroker.errors.ProviderUnavailable`.

    It has a plugin manager of its own: pluggy stops at the first that raises.
    """
    plugins = pluggy.PluginManager(PROJECT)
    for specifications in (hookspecs, secret_source):
        plugins.add_hookspecs(specifications)
    try:
        plugins.register(plugin, name=name)
        plugins.check_pending()
        hooks = _implemented(plugins, name)
        return Offer(
            [_sound("a provider", one, _provider_flaw(one), name) for one in _all(hooks.ocibroker_providers)],
            [
                _sound("an observer", one, _observer_flaw(one), name)
                for one in _all(hooks.ocibroker_audit_observers)
            ],
            [
                _sound("a source of secrets", one, _source_flaw(one), name)
                for one in _all(hooks.ocibroker_secret_sources)
            ],
        )
    except pluggy.PluginValidationError as error:
        why = f"does not implement the hook: {' '.join(str(error).split())}"
    except OcibrokerError:
        raise
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:  # noqa: BLE001  # a plugin may raise anything
        why = f"failed to name its providers: {type(error).__name__}"
    raise _unusable(why, name)


def _implemented(plugins: pluggy.PluginManager, name: str) -> Any:  # noqa: ANN401  # pluggy's own
    hooks = plugins.hook
    known = (hooks.ocibroker_providers, hooks.ocibroker_audit_observers, hooks.ocibroker_secret_sources)
    if not any(hook.get_hookimpls() for hook in known):
        hint = "mark it @providers, @audit_observers or @secret_sources"
        raise ProviderUnavailable("implements no hook", culprit=f"plugin {name}", hint=hint)
    return hooks


def _all(hook: Any) -> list[Any]:  # noqa: ANN401  # as above
    return [one for part in hook() for one in part]


def _sound(what: str, part: Any, flaw: str, plugin: str) -> Any:  # noqa: ANN401  # whatever a hook returned
    if flaw:
        raise _unusable(f"offers {what} {flaw}", plugin)
    return part


def _unusable(why: str, plugin: str) -> ProviderUnavailable:
    return ProviderUnavailable(why, culprit=f"plugin {plugin}", hint="mend or uninstall it")


def _provider_flaw(provider: object) -> str:
    return _flaw(provider, _NAME, "claim", "identity", "fetch")


def _source_flaw(source: Any) -> str:  # noqa: ANN401  # whatever a hook returned
    if flaw := _flaw(source, STORE, "place", "watch", "read"):
        return flaw
    return "" if "ttl" in source.options.__struct_fields__ else "whose options have no ttl"


def _observer_flaw(observer: object) -> str:
    return "" if callable(getattr(observer, "observe", None)) else "that observes nothing"


def _flaw(part: Any, names: str, *methods: str) -> str:  # noqa: ANN401  # whatever a hook returned
    """Return what is wrong with what should have a name, options and ``methods``; nothing where it has them."""
    for attribute in ("name", "options", *methods):
        if not hasattr(part, attribute):
            return f"without {attribute}"
    for method in methods:
        if not callable(getattr(part, method)):
            return f"whose {method} is no method"
    if not (isinstance(part.name, str) and re.fullmatch(names, part.name, re.ASCII)):
        return "with a bad name"
    if not (isinstance(part.options, type) and issubclass(part.options, Options)):
        return "whose options are no Options"
    return ""
