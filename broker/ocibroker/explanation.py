"""The whole way of a request, told without touching the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ocibroker.cache import Entry
from ocibroker.credential import Anonymous
from ocibroker.errors import OcibrokerError
from ocibroker.events import Limited
from ocibroker.inquiry import Inquiry
from ocibroker.known import Known
from ocibroker.selection import Selection
from ocibroker.target import Target
from ocibroker.tls import TLSPolicies
from ocibroker.transport.rate_limits import RateLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What would decide, and why; no secret in it.

    ``provider`` is none where nobody answers, ``error`` what would go wrong before anything is sent, ``trouble``
    what went wrong the last time, and for how long nobody is asked because of it. ``otherwise`` is the provider
    that is asked where the first finds no identity at all. ``limit`` is what the host has said last of how many
    requests are left, to this broker.
    """

    target: str
    origin: str
    provider: str | None
    why: str
    rule: str | None
    shadowed: tuple[str, ...]
    otherwise: str | None
    realms: tuple[str, ...]
    identity: tuple[str, ...]
    reach: Literal["local", "global"] | None
    watch: tuple[str, ...]
    tls: dict[str, Any]
    tls_error: str | None
    cache: str
    trouble: str | None = None
    limit: str | None = None
    error: str | None = None

    def as_data(self) -> dict[str, Any]:
        """Return the same for JSON."""
        return asdict(self)


def explain(
    target: Target,
    trusted: Callable[[], tuple[TLSPolicies, str]],
    inquire: Callable[[], Inquiry],
    known: Known,
    limits: RateLimits,
) -> Explanation:
    """Return how a request for ``target`` would go, as far as that can be told; what fails is part of it.

    ``trusted`` gives the policies, and a note on them, if there is one.
    """
    origin, tls, tls_error = _tls(target, trusted)
    try:
        inquiry = inquire()
    except OcibrokerError as error:
        return _failed(target, origin, tls, tls_error, str(error))
    selection, identity = inquiry.selection, inquiry.identity
    return Explanation(
        target=str(target),
        origin=origin,
        provider=inquiry.provider,
        why=selection.why,
        rule=selection.rule.source if selection.rule else None,
        shadowed=selection.shadowed,
        otherwise=_name(selection.otherwise),
        realms=selection.realms,
        identity=identity.parts if identity else (),
        reach=identity.reach if identity else None,
        watch=tuple(map(str, identity.watch)) if identity else (),
        tls=tls,
        tls_error=tls_error,
        cache=_cached(known.entry(inquiry), known.shared(inquiry)),
        trouble=known.in_the_way(inquiry),
        limit=_limited(limits.said(inquiry.origin.host)),
    )


def _limited(said: Limited | None) -> str | None:
    return f"{said} at {said.at.isoformat(timespec='seconds')}" if said else None


def _name(selection: Selection | None) -> str | None:
    return selection.provider.name if selection and selection.provider else None


def _failed(target: Target, origin: str, tls: dict[str, Any], tls_error: str | None, error: str) -> Explanation:
    return Explanation(
        target=str(target),
        origin=origin,
        provider=None,
        why=error,
        rule=None,
        shadowed=(),
        otherwise=None,
        realms=(),
        identity=(),
        reach=None,
        watch=(),
        tls=tls,
        tls_error=tls_error,
        cache="empty",
        error=error,
    )


def _tls(target: Target, trusted: Callable[[], tuple[TLSPolicies, str]]) -> tuple[str, dict[str, Any], str | None]:
    """Return where a connection would go, the policy for it, and what is wrong with the policy's files."""
    try:
        policies, note = trusted()
        origin = policies.origin_of(target)
        policy = policies.policy(origin)
    except OcibrokerError as error:
        return str(target.origin), {}, str(error)
    told = policy.describe()
    told["notes"] += [note] if note else []
    try:
        policy.load()
    except OcibrokerError as error:
        return str(origin), told, str(error)
    return str(origin), told, None


def _cached(entry: Entry | None, shared: str) -> str:
    if entry is None:
        return f"{shared} is not asked here" if shared else "empty"
    if isinstance(entry.answer, Anonymous):
        return "anonymous"
    moments = (entry.answer.expires_at, entry.at.wall + entry.keep if entry.keep else None)
    until = min(filter(None, moments), default=None)
    return f"until {until.isoformat(timespec='seconds')}" if until else "static"
