"""``[cache]`` with the URL of a Redis or Valkey server: the store that a fleet shares."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ocibroker.config.needed import needed
from ocibroker.config.schema import CacheTable
from ocibroker.config.source import Source
from ocibroker.deadline import Deadline
from ocibroker.encryption_key import EncryptionKey
from ocibroker.errors import ConfigurationError, InvalidValue
from ocibroker.host import address_of, split_authority
from ocibroker.origin import Origin, Scheme
from ocibroker.reference import SecretRef, read_secret
from ocibroker.secret import Secret

TENANT: Final = "default"

_SCHEMES: Final[tuple[tuple[str, Scheme], ...]] = (("rediss", "https"), ("redis", "http"))
"""How an :class:`~ocibroker.origin.Origin` writes them: over TLS or in the clear."""
_PORT: Final = 6379
_PATH: Final = re.compile(r"/?|/(?P<database>\d{1,4})", re.ASCII)
_TENANT: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
_SECONDS: Final = 10.0
_MAKE: Final = "make one by `openssl rand -base64 32`, and name where it is kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedStore:
    """Where a fleet's store is and how it is entered. ``origin`` has the scheme ``https`` where it speaks TLS.

    ``tenant`` names whose entries they are. ``password`` and the keys are read when they are called for: the first
    raises :class:`~ocibroker.errors.CredentialUnavailable`, these raise
    :class:`~ocibroker.errors.ConfigurationError`.
    """

    origin: Origin
    database: int
    tenant: str
    username: str | None = field(repr=False)
    password: Callable[[], Secret] | None
    key: Callable[[], EncryptionKey]
    previous_key: Callable[[], EncryptionKey] | None
    place: str

    @property
    def url(self) -> str:
        """Where it is; nothing in it is secret."""
        scheme = next(ours for ours, scheme in _SCHEMES if scheme == self.origin.scheme)
        return f"{scheme}://{self.origin.host}:{self.origin.port}/{self.database}"


def shared_store(table: CacheTable, source: Source) -> SharedStore | None:
    """Return the store that a fleet shares; none where the table names another.

    Raises :class:`~ocibroker.errors.ConfigurationError` that names the key. No secret is read yet.
    """
    if table.store is None or "://" not in table.store:
        _refuse_what_is_for_a_fleet(table, source)
        return None
    with source.at("cache.store"):
        origin, database = _place(table.store)
    with source.at("cache.tenant"):
        tenant = _tenant(TENANT if table.tenant is None else table.tenant)
    with source.at("cache.username"):
        if table.username is not None and table.password is None:
            raise ConfigurationError("without password", hint="set cache.password too")
    with source.at("cache.encryption_key"):
        if table.encryption_key is None:
            raise ConfigurationError("is missing: nothing is shared in the clear", hint=_MAKE)
    return SharedStore(
        origin=origin,
        database=database,
        tenant=tenant,
        username=table.username,
        password=_password(table.password, source) if table.password else None,
        key=_key("encryption_key", table.encryption_key, source),
        previous_key=(
            _key("previous_encryption_key", table.previous_encryption_key, source)
            if table.previous_encryption_key
            else None
        ),
        place=f"{source.path}: cache.store",
    )


def _refuse_what_is_for_a_fleet(table: CacheTable, source: Source) -> None:
    with source.at("cache.store"):
        if table.store not in {None, "memory", "file"}:
            raise ConfigurationError("is no store", hint="choose memory, file, or write rediss://host:port/0")
    for key in ("username", "password", "encryption_key", "previous_encryption_key", "tenant"):
        with source.at(f"cache.{key}"):
            if getattr(table, key) is not None:
                raise ConfigurationError(
                    "is for a store that a fleet shares only", hint='set store = "rediss://…", or remove it'
                )


def _place(url: str) -> tuple[Origin, int]:
    """Return the server and the number of the database; what stands before an ``@`` is never shown."""
    name, _, rest = url.partition("://")
    scheme = dict(_SCHEMES).get(name)
    if scheme is None:
        raise ConfigurationError("is neither a redis:// nor a rediss:// URL", hint="write rediss://host:port/0")
    if "@" in rest:
        raise ConfigurationError(
            "holds a user name or a password", hint="set cache.username and cache.password instead"
        )
    authority, slash, path = rest.partition("/")
    found = _PATH.fullmatch(slash + path)
    if found is None:
        raise ConfigurationError("is more than a server and a database", hint="write rediss://host:port/0")
    host, port = split_authority(authority)
    if scheme == "http" and not _loopback(host):
        raise ConfigurationError(
            f"would send to {host} in the clear", hint="write rediss://; redis:// is for loopback only"
        )
    return Origin(scheme, host, port or _PORT), int(found["database"] or 0)


def _loopback(host: str) -> bool:
    address = address_of(host)
    return host == "localhost" if address is None else address.is_loopback


def _tenant(text: str) -> str:
    if not _TENANT.fullmatch(text):
        raise ConfigurationError(
            "is no name of a tenant",
            hint="take up to 63 of a-z, 0-9, '.', '_' and '-', and begin with one of a-z, 0-9",
        )
    return text


def _password(reference: SecretRef, source: Source) -> Callable[[], Secret]:
    kept = source.secret(reference, "cache.password")
    return lambda: read_secret(kept, environ=source.environ, deadline=Deadline.after(_SECONDS))


def _key(name: str, reference: SecretRef, source: Source) -> Callable[[], EncryptionKey]:
    kept = source.secret(reference, f"cache.{name}")

    def read() -> EncryptionKey:
        with source.at(f"cache.{name}"):
            return _read_key(kept, source)

    return read


def _read_key(reference: SecretRef, source: Source) -> EncryptionKey:
    try:
        return EncryptionKey(
            needed(lambda: read_secret(reference, environ=source.environ, deadline=Deadline.after(_SECONDS)))
        )
    except InvalidValue as error:
        failure = ConfigurationError(error.message, culprit=str(reference), hint=error.hint)
    raise failure
