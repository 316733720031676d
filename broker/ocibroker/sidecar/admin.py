"""What the admin listener answers: health and metrics to everybody who reaches it; and actions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Final

import msgspec

from ocibroker.config import Address
from ocibroker.errors import UsageError
from ocibroker.events import Administered, Report
from ocibroker.sidecar.aside import aside
from ocibroker.sidecar.deed import Audit, administered, unaudited
from ocibroker.sidecar.generation import Generation
from ocibroker.sidecar.health import Health
from ocibroker.sidecar.log_level import LEVELS, LONGEST, LevelName, LogLevel
from ocibroker.sidecar.message import Call, Endpoint, Reply
from ocibroker.sidecar.metrics import CONTENT_TYPE, Metrics
from ocibroker.sidecar.succession import Succession
from ocibroker.sidecar.tcp_socket import is_loopback
from ocibroker.target import Target

Endpoints = Mapping[tuple[str, str], Endpoint]

_NOTHING: Final[Endpoints] = MappingProxyType({})


class _Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    target: str


class _Loudness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    level: LevelName
    seconds: Annotated[float, msgspec.Meta(gt=0, le=LONGEST)]


def _unheeded(target: Target) -> None:
    """Keep nothing fresh."""


def health_endpoints(health: Health, metrics: Metrics) -> Endpoints:
    """Return what may be asked by ``GET``."""

    async def live(_: Call) -> Reply:
        return health.live()

    async def ready(_: Call) -> Reply:
        return health.ready()

    async def startup(_: Call) -> Reply:
        return health.startup()

    async def text(_: Call) -> Reply:
        return Reply(content_type=CONTENT_TYPE, body=metrics.text())

    return {
        ("GET", "/livez"): live,
        ("GET", "/readyz"): ready,
        ("GET", "/startupz"): startup,
        ("GET", "/metrics"): text,
    }


def admin_endpoints(
    address: Address, health: Health, metrics: Metrics, actions: Actions, status: Endpoints = _NOTHING
) -> Endpoints:
    """Return all that a listener at ``address`` answers: actions only where nobody but this machine reaches it.

    A token would travel in the clear anywhere else.
    """
    reading = health_endpoints(health, metrics)
    return {**reading, **status, **actions.endpoints()} if is_loopback(address) else {**reading, **status}


@dataclass(frozen=True, slots=True)
class Actions:
    """What may be asked by ``POST``, each told to ``report`` and to ``audit``; who may ask was looked at before.

    ``health`` is told of a drain, ``changed`` of a target of which something was changed, ``loudness`` how much is
    logged.
    """

    succession: Succession
    report: Report
    health: Health
    changed: Callable[[Target], None] = _unheeded
    loudness: LogLevel = field(default_factory=LogLevel)
    audit: Audit = unaudited

    def endpoints(self) -> Endpoints:
        """Return them by method and path."""
        return {
            ("POST", "/v1/admin/reload"): self.reload,
            ("POST", "/v1/admin/evict"): self.evict,
            ("POST", "/v1/admin/refresh"): self.refresh,
            ("POST", "/v1/admin/drain"): self.drain,
            ("POST", "/v1/admin/resume"): self.resume,
            ("POST", "/v1/admin/log-level"): self.log_level,
        }

    async def reload(self, call: Call) -> Reply:
        """Read the configuration anew; raises what is wrong with it, and the old one goes on serving."""

        async def work() -> Mapping[str, object]:
            return {"generation": (await self.succession.reload()).number}

        return await self._audited(call, "reload", "", work)

    async def evict(self, call: Call) -> Reply:
        """Forget what is remembered for a configured target."""
        target = _target(call)

        async def work() -> Mapping[str, object]:
            with self.succession.lease() as generation:
                await _check_named(generation, target)
                upkeep = generation.broker.upkeep
                evicted = await aside(lambda: upkeep.forget(target), "evict")
            self.changed(target)
            return {"evicted": evicted}

        return await self._audited(call, "evict", str(target), work)

    async def refresh(self, call: Call) -> Reply:
        """Have the provider of a configured target asked; raises why that failed, which changes nothing."""
        target = _target(call)

        async def work() -> Mapping[str, object]:
            with self.succession.lease() as generation:
                await _check_named(generation, target)
                stands = await generation.broker.upkeep.refresh(target)
            self.changed(target)
            return {"expires_at": stands.expires_at}

        return await self._audited(call, "refresh", str(target), work)

    async def drain(self, call: Call) -> Reply:
        """Have readiness say that nobody should come; who comes is served all the same."""
        return await self._turned(call, "drain", drained=True)

    async def resume(self, call: Call) -> Reply:
        """Have readiness say how it is again."""
        return await self._turned(call, "resume", drained=False)

    async def _turned(self, call: Call, action: str, *, drained: bool) -> Reply:
        async def work() -> Mapping[str, object]:
            self.health.drained = drained
            return {"status": self.health.word}

        return await self._audited(call, action, "", work)

    async def log_level(self, call: Call) -> Reply:
        """Have more or less logged for some seconds, after which it is as before."""
        order = _loudness(call)

        async def work() -> Mapping[str, object]:
            return {"level": order.level, "until": self.loudness.set(order.level, order.seconds)}

        return await self._audited(call, "log-level", f"{order.level} for {order.seconds:g} s", work)

    async def _audited(
        self, call: Call, action: str, target: str, work: Callable[[], Awaitable[Mapping[str, object]]]
    ) -> Reply:
        error = ""
        try:
            return Reply(body=msgspec.json.encode(await work()))
        except BaseException as failure:
            error = type(failure).__name__
            raise
        finally:
            self.report(Administered(action=action, peer=call.peer.key, target=target, error=error))
            self.audit(call.listener.name, call.peer, administered(call.path, action, target, error))


def _target(call: Call) -> Target:
    try:
        text = msgspec.json.decode(call.body, type=_Order).target
    except (msgspec.DecodeError, RecursionError):
        text = ""
    if not text:
        raise UsageError("the body is no target", hint='send {"target": "registry/repository"}')
    return Target.parse(text if "://" in text else f"oci://{text}")


def _loudness(call: Call) -> _Loudness:
    try:
        return msgspec.json.decode(call.body, type=_Loudness)
    except (msgspec.DecodeError, RecursionError):
        hint = f'send {{"level": "debug", "seconds": 300}}: {", ".join(LEVELS)}; up to {LONGEST:.0f} s'
    raise UsageError("the body is no level and seconds", hint=hint)


async def _check_named(generation: Generation, target: Target) -> None:
    """Refuse a target that the configuration does not name: nobody's registry is asked at a caller's word."""
    prefetch = generation.config.sidecar.prefetch
    if target in prefetch:
        return
    if (await aside(lambda: generation.broker.explain(target), "explain")).rule is None:
        raise UsageError("is named by no rule and not by prefetch", culprit=str(target), hint="configure it")
