"""What a broker needs of a sidecar in place of a configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from ocibroker.config import Config
from ocibroker.inquiry import Inquiry
from ocibroker.pattern import Pattern
from ocibroker.providers import Providers
from ocibroker.remote.line import Line
from ocibroker.remote.policies import SidecarPolicies
from ocibroker.remote.provider import SidecarProvider
from ocibroker.rule import Rule
from ocibroker.scratch import Scratch
from ocibroker.selection import Selection
from ocibroker.tls import TLSEntry, TLSPolicies


class Sidecar:
    """The sidecar that listens at ``path``."""

    def __init__(self, path: str) -> None:
        self._line = Line(path)
        self._provider = SidecarProvider(self._line)

    @property
    def config(self) -> Config:
        """A configuration in which the sidecar answers for every target."""
        providers = Providers(MappingProxyType({self._provider.name: self._provider}), MappingProxyType({}))
        return Config(None, (), (), providers)

    def policies(
        self,
        entries: Sequence[TLSEntry],
        *,
        environ: Mapping[str, str],
        monotonic: Callable[[], float],
        scratch: Scratch,
    ) -> TLSPolicies:
        """Return the sidecar's policies; there are no ``entries`` beside them."""
        return SidecarPolicies(self._line, environ=environ, monotonic=monotonic, scratch=scratch)

    def learned(self, inquiry: Inquiry) -> Selection:
        """Return who really answered, why, and which token endpoints may receive the credential."""
        told = self._provider.told(inquiry.target)
        if told is None:
            return inquiry.selection
        rule = Rule(
            pattern=Pattern.parse(inquiry.origin.authority),
            provider=self._provider.name,
            options=None,
            source=f"the sidecar at {self._line.path}",
            realms=told.realms,
        )
        provider = SidecarProvider(self._line, name=told.provider) if told.provider else None
        return replace(inquiry.selection, provider=provider, why=told.why, rule=rule)

    def forked(self) -> None:
        """Begin anew in a child that was forked."""
        self._line.forked()
        self._provider.forked()

    def close(self) -> None:
        """Close the connections to it."""
        self._line.close()
