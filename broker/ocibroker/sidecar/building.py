"""How a generation is made: all of it, or not at all."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from ocibroker.broker import Broker
from ocibroker.clock import Clock
from ocibroker.config import Allowance, SidecarSettings, check_config
from ocibroker.errors import ConfigurationError, OcibrokerError
from ocibroker.events import Observe
from ocibroker.sidecar.generation import Generation
from ocibroker.sidecar.variables import secret_variables
from ocibroker.transport import Route, direct

_LOG: Final = logging.getLogger("ocibroker.sidecar")


@dataclass(frozen=True, slots=True, kw_only=True)
class Building:
    """Makes generations of the configuration at ``path``, else where it is usually found.

    ``environ`` is the environment as the process was started with it. From ``process``, which is ``os.environ`` in
    a real one, the variables go that the configuration reads secrets from, before a plugin is imported; neither
    plugins nor programs get them.
    """

    environ: Mapping[str, str] = field(repr=False)
    process: MutableMapping[str, str] = field(default_factory=dict, repr=False)
    path: Path | None = None
    clock: Clock | None = None
    route: Route = direct
    plugins: Iterable[object] = ()
    observe: Observe | None = None
    withheld: set[str] = field(default_factory=set, repr=False)
    """Variables of any generation: what was a secret is still one where the configuration names it no more."""

    def __call__(self, number: int, before: Generation | None = None) -> Generation:
        """Return the generation, which goes on with what ``before`` remembers.

        Raises :class:`~ocibroker.errors.OcibrokerError` where anything that the configuration names is wrong.
        """
        self.withheld.update(secret_variables(self.path, self.environ))
        for name in self.withheld:
            self.process.pop(name, None)
        broker = Broker.from_config(
            self.path,
            environ=self.environ,
            clock=self.clock,
            route=self.route,
            plugins=self.plugins,
            observe=self.observe,
            withheld=frozenset(self.withheld),
            before=before.broker if before else None,
        )
        try:
            self._check(broker)
        except OcibrokerError:
            broker.close()
            raise
        if before is not None and _places(before.config.sidecar) != _places(broker.config.sidecar):
            _LOG.warning("[sidecar]: listeners and grace stay as they are until the next start")
        return Generation(number, broker.config, broker)

    def _check(self, broker: Broker) -> None:
        check_config(broker.config, self.environ)
        for target in broker.config.sidecar.prefetch:
            try:
                broker.upkeep.outlook(target)
            except ConfigurationError:
                raise
            except OcibrokerError:
                continue  # nothing that a file could mend: the prefetch says so, and tries again


def _places(settings: SidecarSettings) -> tuple[object, ...]:
    """Return what is decided at the start."""
    socket = replace(settings.socket, allowance=Allowance())
    tcp = replace(settings.tcp, allowance=Allowance()) if settings.tcp else None
    return socket, settings.admin, tcp, settings.grace
