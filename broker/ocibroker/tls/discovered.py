"""What a place says of one host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ocibroker.tls.refused import refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """Authorities and a client's certificate and key, and the file or folder that named them.

    ``notes`` tells what was seen and not obeyed; no secret in it.
    """

    ca: tuple[Path, ...] = ()
    client: tuple[Path, Path] | None = None
    source: Path | None = None
    notes: tuple[str, ...] = ()

    @property
    def sources(self) -> Mapping[str, str]:
        """Of each part, where it came from; ``discovered`` is the place that was read, also if it says nothing."""
        named = {"ca": self.ca, "client_cert": self.client, "client_key": self.client, "discovered": self.source}
        return MappingProxyType({part: str(self.source) for part, value in named.items() if value})


def only(pairs: Sequence[tuple[Path, Path]], source: Path, host: str) -> tuple[Path, Path] | None:
    """Return the client's certificate and key, if there are any.

    Raises :class:`~ocibroker.errors.TLSConfigurationError` for more than one: other tools try them in turn, and so
    tell a server of every identity.
    """
    if len(pairs) > 1:
        hint = "choose one in a [[tls]] entry of the host"
        raise refused(source, host, f"names {len(pairs)} client certificates", hint)
    return pairs[0] if pairs else None
