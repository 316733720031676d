"""Everything that decides how one host is reached and trusted, and where each part of it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from ocibroker.errors import TLSConfigurationError
from ocibroker.scratch import Scratch
from ocibroker.secret import Secret
from ocibroker.tls.proxy import Proxy
from ocibroker.tls.roots import Roots

if TYPE_CHECKING:
    import ssl

    from ocibroker.tls.material import Material

MinVersion = Literal["1.2", "1.3"]


def _nothing() -> Mapping[str, str]:
    # A mapping proxy cannot be a default itself: before Python 3.12 it has no hash, and dataclasses refuses it.
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class TLSPolicy:
    """How ``host`` is reached and trusted; it builds contexts, and never holds one.

    ``ca`` is added to the system's roots unless ``ca_only``. ``sources`` says of each part where it came
    from, ``notes`` what was found and is not obeyed. Raises
    :class:`~ocibroker.errors.TLSConfigurationError` for parts that contradict each other.
    """

    host: str
    ca: tuple[Path, ...] = ()
    ca_only: bool = False
    client_cert: Path | None = None
    client_key: Path | None = None
    client_key_password: Secret | None = None
    min_version: MinVersion = "1.2"
    proxy: Proxy | None = None
    insecure: bool = False
    plain_http: bool = False
    roots: Roots = field(default_factory=Roots)
    sources: Mapping[str, str] = field(default_factory=_nothing, compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)
    scratch: Scratch = field(default_factory=Scratch, compare=False, repr=False)

    def __post_init__(self) -> None:
        identified = "ca" if self.ca else "client_cert" if self.client_cert else ""
        for weakening in ("insecure", "plain_http"):
            if identified and getattr(self, weakening):
                raise self._conflict(f"{weakening} and {identified} contradict each other", "remove one of them")
        if self.insecure and self.plain_http:
            raise self._conflict("insecure and plain_http contradict each other", "remove one of them")
        if (self.client_cert is None) != (self.client_key is None):
            given, other = ("client_cert", "client_key") if self.client_cert else ("client_key", "client_cert")
            raise self._conflict(f"{given} without {other}", "give both; they may name the same file")
        if self.client_key_password and not self.client_key:
            raise self._conflict("client_key_password without client_key", "remove it")
        if self.ca_only and not self.ca:
            raise self._conflict("ca_only without ca would trust nobody", "name the authority in ca")

    @property
    def files(self) -> tuple[Path, ...]:
        """The files whose change changes what this policy means."""
        named = (self.client_cert, self.client_key)
        return (*self.ca, *(path for path in named if path), *self.roots.watch)

    def authorities(self) -> tuple[str, ...]:
        """Read the files of ``ca`` and return their certificates, PEM.

        Raises :class:`~ocibroker.errors.TLSConfigurationError` that names file, host and reason.
        """
        from ocibroker.tls.pem import read_certificates  # here, since most hosts have no authority of their own

        return tuple(pem for path in self.ca for pem in read_certificates(path, self.host))

    def load(self) -> Material:
        """Read the files and return what they hold, verified.

        Raises :class:`~ocibroker.errors.TLSConfigurationError` that names file, host and reason.
        """
        from ocibroker.tls.material import Material  # here: an answer that is remembered makes no context

        return Material.read(self)

    def ssl_context(self) -> ssl.SSLContext:
        """Return a new client context of this policy, for a library of the caller's own."""
        return self.load().context()

    def ca_file(self) -> Path:
        """Return a PEM file of all that this policy trusts, for a library or child that takes only a file.

        It lives as long as the broker. Raises :class:`~ocibroker.errors.TLSConfigurationError`.
        """
        material = self.load()
        roots = "" if self.ca_only else self.roots.bundle()
        return self.scratch.write(f"{material.digest}.pem", "\n".join([roots, *material.authorities]))

    def describe(self) -> dict[str, Any]:
        """Return the policy as data for people and programs: no key, no password."""
        return {
            "ca": [str(path) for path in self.ca],
            "ca_only": self.ca_only,
            "client_cert": str(self.client_cert) if self.client_cert else None,
            "insecure": self.insecure,
            "min_version": self.min_version,
            "notes": list(self.notes),
            "plain_http": self.plain_http,
            "proxy": str(self.proxy) if self.proxy else None,
            "roots": "none" if self.ca_only else self.roots.source,
            "sources": dict(self.sources),
        }

    def _conflict(self, why: str, hint: str) -> TLSConfigurationError:
        return TLSConfigurationError(why, culprit=f"TLS of {self.host}", hint=hint)
