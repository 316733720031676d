"""``[sidecar]`` to values: where ``ocibroker serve`` listens, whom it serves, and what it keeps fresh."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ocibroker.config.schema import ReachTable, Ready, SidecarTable, TCPTable
from ocibroker.config.source import Source
from ocibroker.errors import ConfigurationError
from ocibroker.host import split_authority
from ocibroker.pattern import Pattern
from ocibroker.reference import SecretRef
from ocibroker.target import Target

STDOUT: Final = "stdout"
"""Where the audit trail goes that no file has."""

_MODES: Final = ("0600", "0660", "0666")
"""To connect is to write; who may is checked again by the caller's user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What the callers of one listener may ask for.

    ``targets`` stand in place of what rules and ``prefetch`` name, which is the default (none). With ``ambient`` a
    provider's claim without a rule counts too. With ``exchange`` a caller gets a token scoped to one repository,
    and never the credential itself.
    """

    targets: tuple[Pattern, ...] | None = None
    ambient: bool = False
    exchange: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """``host:port``; the host is an address or a name, IPv6 without its brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnixListening:
    """``path`` is none for the default place. ``owner`` is ``user[:group]``; none leaves it as it is made.

    ``allow_uids`` may call, and ``admin_uids`` of these act, beside root and the process's own user.
    """

    path: Path | None = None
    mode: int = 0o600
    owner: str | None = None
    allow_uids: frozenset[int] = frozenset()
    admin_uids: frozenset[int] = frozenset()
    allowance: Allowance = field(default_factory=Allowance)


@dataclass(frozen=True, slots=True, kw_only=True)
class TCPListening:
    """Callers are known by a bearer token in the file ``bearer`` or by a client certificate, or both.

    ``certificate`` and ``key`` are the listener's own; ``client_ca`` verifies callers, whose certificate must hold
    one of ``allow``: ``dns:NAME``, ``uri:URI`` or ``spiffe://…``. ``hosts`` are the names that callers may use for
    it in ``Host``, beside its own address.
    """

    listen: Address
    bearer: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    client_ca: Path | None = None
    allow: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    allowance: Allowance = field(default_factory=Allowance)


@dataclass(frozen=True, slots=True, kw_only=True)
class SidecarSettings:
    """``[sidecar]``, checked. ``grace`` is in seconds; ``ready`` says how many of ``prefetch`` readiness needs.

    ``audit`` is a file or :data:`STDOUT`, none for no audit trail; ``audit_key`` makes the fingerprints there. Who
    sends the token in the file ``admin_bearer`` may act at ``admin``; without one nobody may there.
    """

    socket: UnixListening = field(default_factory=UnixListening)
    admin: Address | None = None
    admin_bearer: Path | None = None
    tcp: TCPListening | None = None
    prefetch: tuple[Target, ...] = ()
    grace: float = 10.0
    ready: Ready = "any"
    audit: Path | str | None = None
    audit_key: SecretRef | None = None


def sidecar(table: SidecarTable, source: Source) -> SidecarSettings:
    """Return the settings; no file but the configuration is read.

    Raises :class:`~ocibroker.errors.ConfigurationError`.
    """
    with source.at("sidecar.prefetch"):
        prefetch = tuple(map(_target, table.prefetch))
    with source.at("sidecar.admin"):
        admin = address(table.admin) if table.admin else None
    with source.at("sidecar.grace"):
        grace = _grace(table.grace)
    return SidecarSettings(
        socket=_unix(table, source),
        admin=admin,
        admin_bearer=source.absolute(table.admin_bearer) if table.admin_bearer else None,
        tcp=_tcp(table.tcp, source) if table.tcp else None,
        prefetch=prefetch,
        grace=grace,
        ready=table.ready,
        audit=_audit(table.audit, source),
        audit_key=source.secret(table.audit_key, "sidecar.audit_key") if table.audit_key else None,
    )


def address(text: str) -> Address:
    """Return the address that ``host:port`` names, or raise :class:`~ocibroker.errors.ConfigurationError`."""
    if text.removeprefix(":").isdigit():
        raise ConfigurationError("names no host", culprit=text, hint="write host:port, such as 127.0.0.1:9465")
    host, port = split_authority(text)
    if port is None:
        raise ConfigurationError("names no port", culprit=text, hint="write host:port")
    return Address(host=host.strip("[]"), port=port)


def _target(text: str) -> Target:
    return Target.parse(text if "://" in text else f"oci://{text}")


def _unix(table: SidecarTable, source: Source) -> UnixListening:
    with source.at("sidecar.mode"):
        mode = _mode(table.mode)
    return UnixListening(
        path=source.absolute(table.socket) if table.socket else None,
        mode=mode,
        owner=table.owner,
        allow_uids=frozenset(table.allow_uids),
        admin_uids=frozenset(table.admin_uids),
        allowance=_allowance("sidecar", table, source),
    )


def _tcp(table: TCPTable, source: Source) -> TCPListening:
    with source.at("sidecar.tcp.listen"):
        listen = address(table.listen)
    paths = {
        name: source.absolute(text) if (text := getattr(table, name)) else None
        for name in ("bearer", "certificate", "key", "client_ca")
    }
    return TCPListening(
        listen=listen,
        allow=tuple(table.allow),
        hosts=tuple(table.hosts),
        allowance=_allowance("sidecar.tcp", table, source),
        **paths,
    )


def _allowance(place: str, table: ReachTable, source: Source) -> Allowance:
    with source.at(f"{place}.targets"):
        targets = None if table.targets is None else tuple(map(Pattern.parse, table.targets))
    return Allowance(targets=targets, ambient=table.ambient, exchange=table.exchange)


def _mode(text: str) -> int:
    if text not in _MODES:
        raise ConfigurationError("is no mode of a socket", culprit=text, hint=f"choose from {', '.join(_MODES)}")
    return int(text, 8)


def _audit(text: str | None, source: Source) -> Path | str | None:
    return source.absolute(text) if text and text != STDOUT else text


def _grace(seconds: float) -> float:
    if not 0 <= seconds <= 3600:
        raise ConfigurationError("is not a number of seconds from 0 to 3600")
    return seconds
