"""How a generation is made: all of it, or not at all."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ocibroker.broker import Broker
from ocibroker.clock import Clock, SystemClock
from ocibroker.config import SidecarSettings, check_config
from ocibroker.errors import ConfigurationError, OcibrokerError
from ocibroker.events import Observe
from ocibroker.sidecar.entrance import NO_ENTRANCES, Entrances, entrances
from ocibroker.sidecar.generation import Generation
from ocibroker.sidecar.origins import Origins
from ocibroker.sidecar.variables import secret_variables
from ocibroker.transport import Route, direct

_LOG: Final = logging.getLogger("ocibroker.sidecar")


@dataclass(frozen=True, slots=True, kw_only=True)
class Building:
    """Makes generations of the configuration at ``path``, else where it is usually found.

    ``environ`` is the environment as the process was started with it. From ``process``, which is ``os.environ`` in
    a real one, the variables go that the configuration reads secrets from, before a plugin is imported; neither
    plugins nor programs get them. With ``passed`` a supervisor has passed sockets on.
    """

    environ: Mapping[str, str] = field(repr=False)
    process: MutableMapping[str, str] = field(default_factory=dict, repr=False)
    path: Path | None = None
    clock: Clock | None = None
    route: Route = direct
    plugins: Iterable[object] = ()
    observe: Observe | None = None
    passed: bool = False
    withheld: set[str] = field(default_factory=set, repr=False)
    """Variables of any generation: what was a secret is still one where the configuration names it no more."""
    origins: Origins = field(default_factory=Origins, repr=False)

    def __call__(self, number: int, before: Generation | None = None) -> Generation:
        """Return the generation, which goes on with what ``before`` remembers.

        Raises :class:`~ocibroker.errors.OcibrokerError` where anything that the configuration names is wrong.
        """
        self.withheld.update(secret_variables(self.path, self.environ))
        for name in self.withheld:
            self.process.pop(name, None)
        installed = self.origins.look()
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
            named = self._entrances(broker, before)
        except OcibrokerError:
            broker.close()
            raise
        now = broker.config.sidecar
        started = (before.started or before.config.sidecar) if before else now
        if waiting := _waiting(started, now):
            _LOG.warning("%s: as at the start until the next start", ", ".join(waiting))
        return Generation(number, broker.config, broker, named, started, installed)

    def _entrances(self, broker: Broker, before: Generation | None) -> Entrances:
        return entrances(
            broker.config.sidecar,
            monotonic=(self.clock or SystemClock()).monotonic,
            path=broker.config.path,
            passed=self.passed,
            before=before.entrances if before else NO_ENTRANCES,
        )

    def _check(self, broker: Broker) -> None:
        check_config(broker.config, self.environ)
        for target in broker.config.sidecar.prefetch:
            try:
                broker.upkeep.outlook(target)
            except ConfigurationError:
                raise
            except OcibrokerError:
                continue  # nothing that a file could mend: the prefetch says so, and tries again


def _waiting(started: SidecarSettings, now: SidecarSettings) -> list[str]:
    """Return the keys that count at the start only, and differ by now."""
    before, after = _places(started), _places(now)
    return [key for key in before if before[key] != after[key]]


def _places(settings: SidecarSettings) -> Mapping[str, object]:
    return {
        "sidecar.socket": settings.socket.path,
        "sidecar.mode": settings.socket.mode,
        "sidecar.owner": settings.socket.owner,
        "sidecar.admin": settings.admin,
        "sidecar.grace": settings.grace,
        "sidecar.audit": settings.audit,
        "sidecar.audit_key": str(settings.audit_key),
        "sidecar.tcp.listen": settings.tcp.listen if settings.tcp else None,
    }
