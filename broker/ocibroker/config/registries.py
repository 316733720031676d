"""``[[registry]]`` tables to rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from ocibroker.config.schema import RegistryTable
from ocibroker.config.secrets import settled
from ocibroker.config.source import Source
from ocibroker.errors import ConfigurationError
from ocibroker.hookspecs import Provider
from ocibroker.host import split_authority
from ocibroker.origin import DEFAULT_PORT
from ocibroker.pattern import Pattern
from ocibroker.providers import Providers
from ocibroker.request import Options
from ocibroker.rule import Rule

_ACCOUNT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)


def rules(tables: Sequence[RegistryTable], providers: Providers, source: Source) -> tuple[Rule, ...]:
    """Return the rules, their options read by their providers' schemas.

    Raises :class:`~ocibroker.errors.ConfigurationError`.
    """
    made = tuple(_rule(f"registry[{at}]", table, providers, source) for at, table in enumerate(tables))
    _refuse_twins(made, source)
    return made


def _rule(place: str, table: RegistryTable, providers: Providers, source: Source) -> Rule:
    with source.at(f"{place}.match"):
        pattern = Pattern.parse(table.match)
    with source.at(f"{place}.provider"):
        options = _options(place, table, providers, source)
    with source.at(f"{place}.realms"):
        realms = tuple(map(_realm, table.realms))
    with source.at(f"{place}.account"):
        _check_account(table.account)
    with source.at(f"{place}.timeout"):
        timeout = _timeout(table.timeout)
    return Rule(
        pattern=pattern,
        provider=table.provider,
        options=options,
        anonymous_fallback=table.anonymous_fallback,
        realms=realms,
        timeout=timeout,
        account=table.account,
        source=f"{source.path}, {place}",
    )


def _options(place: str, table: RegistryTable, providers: Providers, source: Source) -> Options | None:
    # A plugin that is installed and broken fails where it is used: its neighbours must go on.
    if table.provider in providers.broken and table.provider not in _unknown(providers):
        return None
    provider: Provider[Any] = providers.get(table.provider)
    within = f"{place}.options"
    made: Options = settled(
        source.decode(table.options.values, provider.options, within), within, providers, source
    )
    return made


def _unknown(providers: Providers) -> set[str]:
    return {name for name, error in providers.broken.items() if error.message == "is not installed"}


def _realm(text: str) -> str:
    host, port = split_authority(text)
    return host if port in {None, 443} else f"{host}:{port}"


def _timeout(seconds: float | None) -> float | None:
    if seconds is not None and not 0 < seconds <= 3600:
        raise ConfigurationError("is not a number of seconds from 0 to 3600")
    return seconds


def _check_account(name: str) -> None:
    # It becomes the end of an executable's name.
    if name and not _ACCOUNT.fullmatch(name):
        raise ConfigurationError("is no name", hint="letters, digits, and . _ - between them")


def _refuse_twins(made: Sequence[Rule], source: Source) -> None:
    seen: dict[tuple[str, int, str, str], int] = {}
    for at, rule in enumerate(made):
        pattern, port = rule.pattern, rule.pattern.port or DEFAULT_PORT["https"]
        first = seen.setdefault((pattern.host, port, pattern.path, rule.account), at)
        if first != at:
            why = f"registry[{first}] and registry[{at}] have the same match"
            hint = "remove one of them, or give one an account"
            raise ConfigurationError(why, culprit=str(source.path), hint=hint)
