"""How a sidecar stands, as data: what its status page, ``/status.json`` and ``ocibroker status`` show.

Nothing in it is secret. Moments are in UTC, durations in seconds.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Standing = Literal["ok", "degraded", "down"]

TokenState = Literal["failing", "expired", "nobody", "waiting", "stale", "due", "fresh", "static", "anonymous"]
"""The worst first. ``failing``, ``expired``, ``nobody`` and ``waiting`` have nothing to give out: the last fetch
failed; it has ended; nobody knows the target; it was not fetched yet. ``stale`` is still valid, and cannot be
renewed. ``due`` is being renewed. ``static`` does not expire, ``anonymous`` is access without a credential that
somebody meant."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """``standing`` since ``since``, for that ``reason``; ``cure`` is what to do about it, or empty."""

    standing: Standing
    reason: str
    since: datetime
    cure: str = ""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An error by its type in the library; ``request_id`` is the other side's name for what it refused."""

    type: str
    message: str
    culprit: str = ""
    hint: str = ""
    request_id: str = ""


class TargetTLS(msgspec.Struct, frozen=True, kw_only=True):
    """How the host is trusted: ``authorities`` beside the system's ``roots``, of which ``ca_only`` has none."""

    authorities: tuple[str, ...] = ()
    ca_only: bool = False
    roots: str = ""
    client_cert: str | None = None
    min_version: str = ""
    proxy: str | None = None
    insecure: bool = False
    plain_http: bool = False


class PeerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A host whose certificate ends at ``ends_at``, as a handshake at ``seen_at`` has shown."""

    host: str
    ends_at: datetime
    seen_at: datetime


class TargetStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One target that is kept fresh; ``identity`` is what its credential is bound to, as declared.

    ``realms`` are token endpoints on other hosts that its rule allows. ``served`` counts callers of the last five
    minutes by what they got, those included who asked for what lies beneath it; there is no ``denied`` among that.
    ``peers`` are the registry, token endpoints and others with which this process has shaken hands for it.
    """

    target: str
    state: TokenState
    origin: str = ""
    provider: str | None = None
    because: str = ""
    identity: tuple[str, ...] = ()
    realms: tuple[str, ...] = ()
    fetched_at: datetime | None = None
    expires_at: datetime | None = None
    renewed_at: datetime | None = None
    paused_until: datetime | None = None
    failures: int = 0
    failure: Failure | None = None
    served: dict[str, int] = {}
    tls: TargetTLS | None = None
    peers: tuple[PeerStatus, ...] = ()


class ProviderStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Who may answer; ``broken`` says why one cannot, ``silent`` where it has not answered in time.

    ``stuck`` counts its fetches that have not ended long after their deadline; 99 of 100 have ended within ``p99``
    seconds. ``record`` is the SHA-256 of what says which files of the distribution are installed, none where it is
    ``built_in``.
    """

    name: str
    distribution: str = ""
    version: str = ""
    built_in: bool = False
    record: str = ""
    broken: str = ""
    silent: tuple[str, ...] = ()
    stuck: int = 0
    p99: float | None = None


class ListenerStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where callers come in; ``mode`` and ``owner`` are a Unix socket's, ``callers`` are those who may.

    ``connections`` are those that are open.
    """

    name: str
    address: str
    callers: str
    mode: str | None = None
    owner: str | None = None
    tls: bool = False
    connections: int = 0


class CertificateStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One that the configuration names; ``role`` is ``listener``, ``client_ca``, ``client_cert`` or ``ca``."""

    role: str
    name: str
    ends_at: datetime


class CacheStatus(msgspec.Struct, frozen=True, kw_only=True):
    """``store`` is where answers are kept beside this process's memory.

    ``answers`` counts callers by what they got, as ``served`` of a target does. ``key`` is the id of the key that
    what a fleet shares is sealed with from now on; empty where nothing is. ``trouble`` is what is wrong with the
    store; empty where all is well.
    """

    store: str
    entries: int
    answers: dict[str, int]
    key: str = ""
    trouble: str = ""


class ConfigurationStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Which one serves, and since when; ``failure`` is what is wrong with the one that was read last."""

    path: str | None
    generation: int
    since: datetime
    insecure: tuple[str, ...] = ()
    failure: Failure | None = None


class ProcessStatus(msgspec.Struct, frozen=True, kw_only=True):
    """``memory`` is resident, in bytes; what the system does not tell is none.

    ``clock_skew`` is by how many seconds the clock of each provider's service is ahead of ours.
    """

    version: str
    python: str
    pid: int
    since: datetime
    threads: int
    memory: int | None
    files: int | None
    files_most: int | None
    loop_lag: float
    log_level: str
    log_level_until: datetime | None
    log_dropped: int
    log_suppressed: int
    denied: dict[str, int]
    clock_skew: dict[str, float] = {}


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Something that has changed; ``times`` of the same in a row, the last one at ``at``."""

    at: datetime
    event: str
    text: str
    times: int = 1


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, at ``at``. ``targets`` are those of one page, the worst first; ``states`` counts all."""

    at: datetime
    verdict: Verdict
    states: dict[TokenState, int]
    page: int
    pages: int
    targets: tuple[TargetStatus, ...]
    providers: tuple[ProviderStatus, ...]
    listeners: tuple[ListenerStatus, ...]
    certificates: tuple[CertificateStatus, ...]
    cache: CacheStatus
    configuration: ConfigurationStatus
    process: ProcessStatus
    timeline: tuple[Change, ...]
