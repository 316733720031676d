"""What can happen. No event holds a secret, and ``name`` never changes: people search logs for it.

They are structs, which take a tenth of a dataclass's time to define: a helper defines them all and tells of none.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import ClassVar, Literal, Protocol

import msgspec

from ocibroker.errors import OcibrokerError
from ocibroker.target import Target

Outcome = Literal["hit", "refreshed", "coalesced", "stale", "fallback", "negative", "error"]
"""``refreshed`` and ``coalesced`` waited for a flight, their own or another caller's; ``stale`` got what is still
valid after a failure, ``fallback`` anonymous access in its place; ``negative`` was told of an earlier failure."""

Trigger = Literal["advisory", "mandatory", "miss", "forced"]
"""Why a provider was asked: ahead of the end, near it, for want of anything, or since somebody insisted."""


class Event(Protocol):
    """Its text is one line for people, ``level`` one of :mod:`logging`."""

    name: ClassVar[str]

    @property
    def level(self) -> int:
        """How much it matters."""
        ...


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """A caller got an answer, or an ``error``; ``seconds_left`` of its life when it was given, none if endless."""

    name: ClassVar[str] = "answer"
    level: ClassVar[int] = logging.DEBUG
    target: Target
    provider: str | None
    outcome: Outcome
    seconds_left: float | None = None
    error: str = ""

    def __str__(self) -> str:
        return f"{self.target}: {self.outcome}{_by(self.provider)}{_because(self.error)}"


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A provider was asked, and answered after ``seconds``; or failed, with the ``error``'s type.

    ``request_id`` is what the other side calls the request that it refused.
    """

    name: ClassVar[str] = "fetch"
    level: ClassVar[int] = logging.INFO
    target: Target
    provider: str
    trigger: Trigger
    seconds: float
    anonymous: bool = False
    expires_at: datetime | None = None
    error: str = ""
    request_id: str = ""

    def __str__(self) -> str:
        said = "found no identity" if self.anonymous else "answered"
        until = f", valid until {self.expires_at.isoformat(timespec='seconds')}" if self.expires_at else ""
        how = "failed" if self.error else said
        return f"{self.target}: provider {self.provider} {how} in {self.seconds:.3f} s{until}{_because(self.error)}"


class Requested(msgspec.Struct, frozen=True, kw_only=True):
    """One request went out, one attempt of it; for ``provider``, or none where a registry was asked itself.

    ``request_id`` is what the other side calls it; ``skew`` is by how many seconds its clock is ahead of ours.
    """

    name: ClassVar[str] = "upstream_request"
    level: ClassVar[int] = logging.DEBUG
    provider: str | None
    host: str
    seconds: float
    status: int | None = None
    error: str = ""
    request_id: str = ""
    skew: float | None = None

    def __str__(self) -> str:
        said = self.error or f"status {self.status}"
        return f"{self.host}: {said} in {self.seconds:.3f} s{_by(self.provider)}"


class Limited(msgspec.Struct, frozen=True, kw_only=True):
    """A host counts requests: of ``limit`` in each ``window`` of seconds ``remaining`` are left, as of ``at``.

    ``source`` is whom it counts, an address or an account; none of them where it does not say.
    """

    name: ClassVar[str] = "rate_limit"
    host: str
    limit: int
    remaining: int
    at: datetime
    window: int | None = None
    source: str = ""

    @property
    def level(self) -> int:
        """Say it loudly once nothing is left: the next pull may be refused."""
        return logging.DEBUG if self.remaining else logging.INFO

    def __str__(self) -> str:
        each = f" in {self.window} s" if self.window else ""
        whose = f", counted for {self.source}" if self.source else ""
        return f"{self.host}: {self.remaining} of {self.limit} requests left{each}{whose}"


class Failing(msgspec.Struct, frozen=True, kw_only=True):
    """A provider has failed so many times in a row, and is not asked again for ``pause`` seconds.

    ``valid`` is whether what it gave before is still given out.
    """

    name: ClassVar[str] = "provider_failing"
    target: Target
    provider: str
    failures: int
    pause: float
    valid: bool
    reason: OcibrokerError

    @property
    def level(self) -> int:
        """Warn once, and of what a caller is not told anyway."""
        return logging.WARNING if self.valid and self.failures == 1 else logging.INFO

    def __str__(self) -> str:
        valid = "; what it gave before is still valid, and is given out until it expires" if self.valid else ""
        return f"{self.reason}{valid}"


class Recovered(msgspec.Struct, frozen=True, kw_only=True):
    """It answers again after ``failures`` in a row."""

    name: ClassVar[str] = "provider_recovered"
    level: ClassVar[int] = logging.INFO
    target: Target
    provider: str
    failures: int

    def __str__(self) -> str:
        failures = f"{self.failures} failure{'s' if self.failures != 1 else ''}"
        return f"{self.target}: provider {self.provider} answers again, after {failures}"


class BreakerOpened(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever did not answer in time so many times in a row is left alone for ``pause`` seconds."""

    name: ClassVar[str] = "breaker_opened"
    level: ClassVar[int] = logging.WARNING
    source: str
    late: int
    pause: float

    def __str__(self) -> str:
        return (
            f"{self.source}: did not answer in time {self.late} times in a row, left alone for {self.pause:.0f} s"
        )


class BreakerClosed(msgspec.Struct, frozen=True, kw_only=True):
    """It answers in time again."""

    name: ClassVar[str] = "breaker_closed"
    level: ClassVar[int] = logging.INFO
    source: str

    def __str__(self) -> str:
        return f"{self.source}: answers in time again"


class Reloaded(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration was read anew; with a ``reason`` it is wrong, and ``generation`` goes on serving."""

    name: ClassVar[str] = "config_reload"
    generation: int
    reason: OcibrokerError | None = None

    @property
    def level(self) -> int:
        """Complain of a wrong one."""
        return logging.ERROR if self.reason else logging.INFO

    def __str__(self) -> str:
        if self.reason:
            return f"{self.reason}; generation {self.generation} of the configuration goes on serving"
        return f"generation {self.generation} of the configuration serves"


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """A listener of the sidecar has answered a request with ``status`` after ``seconds``."""

    name: ClassVar[str] = "request"
    level: ClassVar[int] = logging.DEBUG
    listener: str
    status: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.listener}: status {self.status} in {self.seconds:.3f} s"


class PeerDenied(msgspec.Struct, frozen=True, kw_only=True):
    """The sidecar turned a caller away; ``reason`` is one of few words, ``peer`` who it was, if that is known.

    It counts all of them, and logs some of those of one ``peer`` and reason.
    """

    name: ClassVar[str] = "peer_denied"
    level: ClassVar[int] = logging.WARNING
    reason: str
    peer: str = ""
    listener: str = ""

    def __str__(self) -> str:
        where = f" at {self.listener}" if self.listener else ""
        return f"{self.peer or 'a caller'} was turned away{where}: {self.reason}"


class AuditFailing(msgspec.Struct, frozen=True, kw_only=True):
    """Records of who got what are lost, since ``sink`` does not take them; told once, until it does again."""

    name: ClassVar[str] = "audit_failing"
    level: ClassVar[int] = logging.ERROR
    sink: str
    reason: str

    def __str__(self) -> str:
        return f"audit records are lost, {self.sink}: {self.reason}; credentials are given out all the same"


class AuditRecovered(msgspec.Struct, frozen=True, kw_only=True):
    """It takes them again; ``lost`` have been since the start."""

    name: ClassVar[str] = "audit_recovered"
    level: ClassVar[int] = logging.WARNING
    sink: str
    lost: int

    def __str__(self) -> str:
        return f"audit records are written again, {self.sink}: {self.lost} were lost since the start"


class Administered(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may has asked for an ``action``; with an ``error``'s type it failed."""

    name: ClassVar[str] = "admin_action"
    level: ClassVar[int] = logging.INFO
    action: str
    peer: str
    target: str = ""
    error: str = ""

    def __str__(self) -> str:
        what = f"{self.action} {self.target}".rstrip()
        return f"{self.peer} asked for: {what}{_because(self.error)}"


def _by(provider: str | None) -> str:
    return f" (provider {provider})" if provider else ""


def _because(error: str) -> str:
    return f": {error}" if error else ""
