"""The configuration file as msgspec reads it: keys, types and defaults, and nothing else."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from ocibroker.reference import LocalRef
from ocibroker.tls import MinVersion


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Unknown keys are errors."""


class OptionTable:
    """A rule's ``options``, not yet read by the provider's schema: it may hold secrets, so it shows nothing."""

    __slots__ = ("values",)

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def __repr__(self) -> str:
        return "OptionTable(…)"


class ProxyURL:
    """A proxy's URL, which may hold a password, so it shows nothing."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return "ProxyURL(…)"


class RegistryTable(_Strict, frozen=True, kw_only=True):
    """One ``[[registry]]`` rule."""

    match: str
    provider: str
    options: OptionTable = msgspec.field(default_factory=lambda: OptionTable({}))
    anonymous_fallback: bool = False
    realms: list[str] = []
    timeout: float | None = None
    account: str = ""


class TLSTable(_Strict, frozen=True, kw_only=True):
    """One ``[[tls]]`` entry."""

    match: str
    ca: list[str] = []
    ca_only: bool = False
    client_cert: str | None = None
    client_key: str | None = None
    client_key_password: LocalRef | None = None
    min_version: MinVersion = "1.2"
    proxy: ProxyURL | None = None
    no_proxy: list[str] | None = None
    insecure: bool = False
    plain_http: bool = False


class PluginsTable(_Strict, frozen=True, kw_only=True):
    """``[plugins]``: third-party plugins to load although no rule names them."""

    enable: list[str] = []


StoreName = Literal["memory", "file"]

_Store = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": "^(memory|file|rediss?://[^@]+)$"})]


class CacheTable(_Strict, frozen=True, kw_only=True):
    """``[cache]``: where what expires is kept; without it the library uses memory, a command its user's files.

    All but ``store`` is for the URL of a server that a fleet shares.
    """

    store: _Store | None = None
    username: str | None = None
    password: LocalRef | None = None
    encryption_key: LocalRef | None = None
    previous_encryption_key: LocalRef | None = None
    tenant: str | None = None


Ready = Literal["all", "any", "none"]


class ReachTable(_Strict, frozen=True, kw_only=True):
    """What the callers of a listener may ask for; no ``targets``: what rules and ``prefetch`` name."""

    targets: list[str] | None = None
    ambient: bool = False
    exchange: bool = False


class TCPTable(ReachTable, frozen=True, kw_only=True):
    """``[sidecar.tcp]``: off unless it is there."""

    listen: str
    bearer: str | None = None
    certificate: str | None = None
    key: str | None = None
    client_ca: str | None = None
    allow: list[str] = []
    hosts: list[str] = []


class SidecarTable(ReachTable, frozen=True, kw_only=True):
    """``[sidecar]``: what ``ocibroker serve`` does; ``mode``, ``owner`` and the reach are its socket's."""

    socket: str | None = None
    mode: str = "0600"
    owner: str | None = None
    allow_uids: list[Annotated[int, msgspec.Meta(ge=0)]] = []
    admin: str | None = None
    admin_uids: list[Annotated[int, msgspec.Meta(ge=0)]] = []
    admin_bearer: str | None = None
    prefetch: list[str] = []
    grace: float = 10.0
    ready: Ready = "any"
    audit: str | None = None
    audit_key: LocalRef | None = None
    tcp: TCPTable | None = None


class Document(_Strict, frozen=True, kw_only=True):
    """The whole file."""

    registry: list[RegistryTable] = []
    tls: list[TLSTable] = []
    plugins: PluginsTable = PluginsTable()
    cache: CacheTable = CacheTable()
    sidecar: SidecarTable = SidecarTable()
