"""One run of the command line: what every command starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ocibroker.cli.person import Person
from ocibroker.cli.terminal import Terminal

if TYPE_CHECKING:
    from ocibroker.broker import Broker
    from ocibroker.config import Config


@dataclass(frozen=True, slots=True)
class Invocation:
    """The environment, the streams, the file that ``--config`` names, and whom a command may ask."""

    environ: Mapping[str, str] = field(repr=False)
    terminal: Terminal
    config: Path | None = None
    person: Person = field(default_factory=Person)

    def broker(self) -> Broker:
        """Return a broker, or raise :class:`~ocibroker.errors.ConfigurationError`."""
        from ocibroker.broker import Broker

        return Broker.from_config(self.config, environ=self.environ, ahead=False, store="file")

    def load(self) -> Config:
        """Return the configuration, or raise :class:`~ocibroker.errors.ConfigurationError`."""
        from ocibroker.config import load_config

        return load_config(self.config, self.environ)
