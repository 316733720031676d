"""Targets that are kept fresh: all of them in a word, and those of one page in detail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from ocibroker.api.status import Failure, PeerStatus, TargetStatus, TargetTLS, TokenState
from ocibroker.broker import Broker
from ocibroker.cache import contained
from ocibroker.errors import OcibrokerError
from ocibroker.inquiry import Inquiry
from ocibroker.outlook import Outlook
from ocibroker.sidecar.status.token_state import STATES, state_of
from ocibroker.target import Target
from ocibroker.tls import TLSPolicy
from ocibroker.transport.presented import PeerCertificate


@dataclass(frozen=True, slots=True)
class Ranking:
    """Targets by their state, in the order of the configuration."""

    by_state: Mapping[TokenState, tuple[Target, ...]]

    @classmethod
    def of(cls, outlooks: Mapping[Target, Outlook], now: datetime) -> Ranking:
        """Return how they stand at ``now``."""
        found: dict[TokenState, list[Target]] = {}
        for target, stands in outlooks.items():
            found.setdefault(state_of(stands, now), []).append(target)
        return cls({state: tuple(found[state]) for state in STATES if state in found})

    @property
    def counts(self) -> dict[TokenState, int]:
        """How many are in each state, the worst first."""
        return {state: len(targets) for state, targets in self.by_state.items()}

    @property
    def targets(self) -> tuple[Target, ...]:
        """All of them, the worst first."""
        return tuple(target for targets in self.by_state.values() for target in targets)


def target_status(
    broker: Broker, target: Target, kept: Outlook, served: Mapping[str, int], now: datetime
) -> TargetStatus:
    """Return all that is known of one, without asking anybody.

    ``kept`` is how it stood when it was looked at, ``served`` how many callers got what lately.
    """
    try:
        inquiry, stands = broker.upkeep.answering(target)
        peers = tuple(map(_peer, broker.upkeep.peers(inquiry)))
    except Exception as error:  # noqa: BLE001  # whatever is wrong with one target, the others are shown
        failure = failure_of(contained(error, str(target)))
        return TargetStatus(
            target=str(target),
            state="failing",
            failures=max(1, kept.failures),
            failure=failure,
            served=dict(served),
        )
    if not (stands.usable or stands.failures) and (kept.anonymous or kept.failures):
        stands = kept  # that there is no identity is believed for seconds only, and looked at once a minute
    return replace(_status(inquiry, stands, now), served=dict(served), peers=peers)


def _status(inquiry: Inquiry, stands: Outlook, now: datetime) -> TargetStatus:
    return TargetStatus(
        target=str(inquiry.target),
        state=state_of(stands, now),
        origin=str(inquiry.origin),
        provider=inquiry.provider,
        because=inquiry.selection.why,
        identity=inquiry.identity.parts if inquiry.identity else (),
        realms=inquiry.selection.realms,
        fetched_at=stands.fetched_at,
        expires_at=stands.expires_at,
        renewed_at=_after(now, stands.renew_in),
        paused_until=_after(now, stands.paused or None),
        failures=stands.failures,
        failure=failure_of(stands.error) if stands.error else None,
        tls=_tls(inquiry.trust.policy),
    )


def _peer(one: PeerCertificate) -> PeerStatus:
    return PeerStatus(host=one.origin.authority, ends_at=one.ends, seen_at=one.seen)


def failure_of(error: OcibrokerError) -> Failure:
    """Return the error as data."""
    return Failure(
        type=type(error).__name__,
        message=error.message,
        culprit=error.culprit,
        hint=error.hint,
        request_id=error.request_id,
    )


def _tls(policy: TLSPolicy) -> TargetTLS:
    return TargetTLS(
        authorities=tuple(map(str, policy.ca)),
        ca_only=policy.ca_only,
        roots="" if policy.ca_only else policy.roots.source,
        client_cert=str(policy.client_cert) if policy.client_cert else None,
        min_version=policy.min_version,
        proxy=str(policy.proxy) if policy.proxy else None,
        insecure=policy.insecure,
        plain_http=policy.plain_http,
    )


def _after(now: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)
