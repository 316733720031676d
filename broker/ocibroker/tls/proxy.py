"""Through which proxy a host is reached, and which hosts go without one."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from ocibroker.errors import InvalidTarget, InvalidValue, TLSConfigurationError
from ocibroker.host import address_of
from ocibroker.origin import Origin
from ocibroker.secret import Secret

_INSTANCE: Final = ipaddress.ip_network("fd00:ec2::/32")
"""What an instance of AWS reaches on its link by IPv6: its metadata and its containers' credentials."""

_HINT: Final = "write http://[user:password@]host:port or https://…"


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP or HTTPS proxy (RFC 9110 section 9.3.6) and who asked for it."""

    origin: Origin
    source: str
    username: str = ""
    password: Secret | None = None

    @classmethod
    def parse(cls, url: str, source: str) -> Proxy:
        """Return the proxy that ``url`` names; without a scheme it is an ``http://`` one, as curl reads it.

        Raises :class:`~ocibroker.errors.TLSConfigurationError`, which never shows the password.
        """
        scheme, mark, rest = url.partition("://") if "://" in url else ("http", "://", url)
        userinfo, at, place = rest.rstrip("/").rpartition("@")
        username, _, password = userinfo.partition(":")
        try:
            origin = Origin.parse(f"{scheme}{mark}{place}")
            secret = Secret(unquote(password)) if at and password else None
        except InvalidTarget as error:
            raise TLSConfigurationError(f"the proxy {error.message}", culprit=source, hint=_HINT) from None
        except InvalidValue as error:
            raise TLSConfigurationError(f"the proxy's password: {error.message}", culprit=source) from None
        return cls(origin, source, unquote(username), secret)

    def __str__(self) -> str:
        return str(self.origin)


@dataclass(frozen=True, slots=True)
class EnvironProxies:
    """``HTTPS_PROXY``, ``HTTP_PROXY`` and ``NO_PROXY``, as they were when the broker was made."""

    https: Proxy | None = None
    http: Proxy | None = None
    without: tuple[str, ...] = ()

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> EnvironProxies:
        """Return what the environment says; the lower-case names win, as in curl."""
        without = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
        return cls(_named(environ, "https_proxy"), _named(environ, "http_proxy"), split_no_proxy(without))

    def for_origin(self, origin: Origin, *, without: Sequence[str] | None = None) -> Proxy | None:
        """Return the proxy for that origin; ``without`` replaces the environment's list where given.

        Neither is this machine itself reached through one, nor what is on its link: a proxy would hand out the
        credentials of its own instance's metadata.
        """
        address = address_of(origin.host)
        if origin.host == "localhost" or (address and _near(address)):
            return None
        proxy = self.https if origin.scheme == "https" else self.http
        return None if goes_without(origin, self.without if without is None else without) else proxy


def _near(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.is_loopback or address.is_link_local or address in _INSTANCE


def split_no_proxy(text: str) -> tuple[str, ...]:
    """Return the entries of a comma-separated list."""
    return tuple(entry for part in text.split(",") if (entry := part.strip().lower()))


def goes_without(origin: Origin, entries: Sequence[str]) -> bool:
    """Whether one of ``entries`` exempts ``origin``.

    An entry is ``*``, a domain (which covers what is below it), a domain with a leading dot (only what is
    below), an address or a network, each with an optional ``:port``: the rules of Go's ``httpproxy``.
    """
    return any(_exempts(entry, origin) for entry in entries)


def _exempts(entry: str, origin: Origin) -> bool:
    if entry == "*":
        return True
    if (inside := _in_network(entry, origin)) is not None:
        return inside
    name, colon, port = entry.rpartition(":")
    if colon and port != str(origin.port):
        return False
    name = (name if colon else entry).removeprefix("*")
    return origin.host == name or origin.host.endswith(name if name.startswith(".") else f".{name}")


def _in_network(entry: str, origin: Origin) -> bool | None:
    if (address := address_of(origin.host)) is None:
        return None
    try:
        return address in ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return None


def _named(environ: Mapping[str, str], name: str) -> Proxy | None:
    for spelling in (name, name.upper()):
        if url := environ.get(spelling):
            return Proxy.parse(url, spelling)
    return None
