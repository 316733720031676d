"""A provider set up as a rule of a configuration file would set it up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from ocibroker.broker import Broker
from ocibroker.clock import Clock
from ocibroker.config import Config
from ocibroker.config.registries import rules
from ocibroker.config.schema import OptionTable, RegistryTable
from ocibroker.config.source import Source
from ocibroker.fetching import Fetching
from ocibroker.means import Means
from ocibroker.provider import (
    Anonymous,
    Credential,
    Deadline,
    Identity,
    Options,
    Provider,
    SSHKey,
    Target,
    Trust,
)
from ocibroker.providers import Providers
from ocibroker.rule import Rule
from ocibroker.scratch import Scratch
from ocibroker.testing.answering import Answer, AnsweringWire
from ocibroker.tls import TLSPolicies


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """One provider, one target, the rule that joins them, and the environment."""

    provider: Provider[Any]
    target: Target
    rule: Rule
    environ: Mapping[str, str] = field(repr=False)
    clock: Clock

    @classmethod
    def of(
        cls,
        provider: Provider[Any],
        target: Target,
        options: Mapping[str, Any],
        *,
        folder: Path,
        environ: Mapping[str, str],
        clock: Clock,
    ) -> Self:
        """Read ``options`` as from a TOML file in ``folder``: relative paths are taken from there.

        Raises :class:`~ocibroker.errors.ConfigurationError` for options that the provider's schema refuses.
        """
        file = folder / "ocibroker.toml"
        file.touch(mode=0o600)
        table = RegistryTable(match=target.registry, provider=provider.name, options=OptionTable(dict(options)))
        (rule,) = rules([table], _only(provider), Source(file, "", environ))
        return cls(provider=provider, target=target, rule=rule, environ=environ, clock=clock)

    @property
    def options(self) -> Options:
        """What the provider is handed."""
        assert self.rule.options is not None
        return self.rule.options

    def identity(self) -> Identity:
        """Return the provider's identity, or raise :class:`~ocibroker.errors.ContractViolation`."""
        return self._fetching(_unanswered).identity()

    def fetch(self, answer: Answer, deadline: Deadline) -> Credential | Anonymous:
        """Fetch as a broker does, but with ``answer`` at the other end of every connection."""
        return self._fetching(answer).fetch(deadline)

    def ask(self, part: str, answer: Answer, deadline: Deadline) -> Trust | SSHKey | None:
        """Return what the provider says beside a credential: by its ``trust``, or its ``ssh_key``."""
        fetching = self._fetching(answer)
        return fetching.trust(deadline) if part == "trust" else fetching.ssh_key(deadline)

    def broker(self, instead: Provider[Any]) -> Broker:
        """Return a broker that has one rule and knows one provider, ``instead``, of the same name."""
        config = Config(path=None, rules=(self.rule,), tls=(), providers=_only(instead))
        return Broker(config, environ=self.environ, clock=self.clock)

    def _fetching(self, answer: Answer) -> Fetching:
        policies = TLSPolicies((), environ=self.environ, monotonic=self.clock.monotonic, scratch=Scratch())
        means = Means(self.environ, self.clock, policies, AnsweringWire(answer))
        return Fetching(provider=self.provider, target=self.target, options=self.options, caller=None, means=means)


def _only(provider: Provider[Any]) -> Providers:
    return Providers(MappingProxyType({provider.name: provider}), MappingProxyType({}))


def _unanswered(request: object) -> Any:  # noqa: ANN401  # it returns nothing
    raise AssertionError(f"an identity is declared, not asked for: {request}")
