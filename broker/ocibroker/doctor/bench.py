"""What an examination works with: passed in, so that it can be held in any world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from ocibroker.broker import Broker
from ocibroker.clock import Clock, SystemClock
from ocibroker.config import Config
from ocibroker.scratch import Scratch
from ocibroker.tls import TLSPolicies
from ocibroker.transport import Pools, Route, direct
from ocibroker.transport.probe import Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The environment, the file that was named in place of the usual one, the clock, and where hosts are dialled.

    ``plugins`` need not be installed, as for a broker.
    """

    environ: Mapping[str, str] = field(repr=False)
    config: Path | None = None
    clock: Clock = field(default_factory=SystemClock)
    route: Route = direct
    plugins: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A broker that remembers nothing beyond the examination, and what looks at hosts without one.

    ``complete`` is whether ``config`` is what was configured; else it is nothing, since that cannot be used.
    """

    config: Config
    complete: bool
    broker: Broker
    probe: Probe
    wire: Pools
    clock: Clock
    environ: Mapping[str, str] = field(repr=False)


@contextmanager
def bench(surroundings: Surroundings, config: Config, *, complete: bool) -> Iterator[Bench]:
    """Yield the bench; its connections end with the block."""
    environ, clock, scratch = surroundings.environ, surroundings.clock, Scratch()
    policies = TLSPolicies(config.tls, environ=environ, monotonic=clock.monotonic, scratch=scratch)
    wire = Pools(policies, surroundings.route)
    # In memory alone: what is asked for here replaces nothing that others remember.
    alone = replace(config, store="memory", shared=None)
    broker = Broker(alone, environ=environ, clock=clock, route=surroundings.route, ahead=False)
    try:
        yield Bench(
            config=config,
            complete=complete,
            broker=broker,
            probe=Probe(policies, surroundings.route),
            wire=wire,
            clock=clock,
            environ=environ,
        )
    finally:
        broker.close()
        wire.close()
        scratch.close()
