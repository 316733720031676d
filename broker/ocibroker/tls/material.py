"""A policy together with what its files hold, read and verified at one moment."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NoReturn

from ocibroker.errors import TLSConfigurationError
from ocibroker.tls.pem import read_certificates, refused
from ocibroker.watch import look

if TYPE_CHECKING:
    from ocibroker.tls.policy import TLSPolicy

_VERSIONS: Final = MappingProxyType({"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3})


@dataclass(frozen=True, slots=True)
class Material:
    """What a context is built from. ``digest`` changes with every setting and every file's content."""

    policy: TLSPolicy
    authorities: tuple[str, ...]
    digest: str
    _private: bytes = field(repr=False)

    @classmethod
    def read(cls, policy: TLSPolicy) -> Material:
        """Read the policy's files and try the context that they make.

        Raises :class:`~ocibroker.errors.TLSConfigurationError` that names file, host and reason.
        """
        authorities = policy.authorities()
        pair = [path for path in (policy.client_cert, policy.client_key) if path]
        private = b"".join(_content(path, policy.host) for path in pair)
        material = cls(policy, authorities, _digest(policy, authorities, private), private)
        material.context()
        return material

    def context(self) -> ssl.SSLContext:
        """Return a new client context. Flags are set one by one: defaults differ between Python versions."""
        policy = self.policy
        context = self._trusting()
        context.minimum_version = _VERSIONS[policy.min_version]
        if policy.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.authorities:
            # An intermediate or a pinned leaf is a trust anchor too, as it is for every Go client.
            context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
            context.load_verify_locations(cadata="".join(self.authorities))
        if policy.client_cert:
            self._identify(context, policy.client_cert)
        return context

    def _trusting(self) -> ssl.SSLContext:
        policy = self.policy
        alone = policy.ca_only or policy.insecure or (bool(self.authorities) and policy.roots.absent)
        if not alone:
            return policy.roots.context()
        if policy.ca_only and ssl.SSLContext.__module__ != "ssl":
            raise TLSConfigurationError(
                f"{ssl.SSLContext.__module__} has replaced it, and ca_only cannot be kept for {policy.host}",
                culprit="ssl.SSLContext",
                hint="do not call inject_into_ssl() in this process, or drop ca_only",
            )
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def _identify(self, context: ssl.SSLContext, certificate: Path) -> None:
        key, password = self.policy.client_key or certificate, self.policy.client_key_password
        # Without a callback OpenSSL asks on the terminal.
        answer = password.reveal if password else bytes
        try:
            context.load_cert_chain(certificate, key, password=answer)
        except (OSError, ssl.SSLError, ValueError) as error:
            failure = error
        else:
            return
        self._explain(failure, certificate, key)

    def _explain(self, failure: Exception, certificate: Path, key: Path) -> NoReturn:
        host = self.policy.host
        read_certificates(certificate, host) if certificate != key else None
        if isinstance(failure, ssl.SSLError) and failure.reason == "KEY_VALUES_MISMATCH":
            raise refused(key, host, f"is not the key of {certificate}")
        if b"ENCRYPTED" in self._private:
            if self.policy.client_key_password:
                raise refused(key, host, "cannot be decrypted with client_key_password", "correct the password")
            raise refused(key, host, "is encrypted", "set client_key_password, or decrypt the key")
        raise refused(key, host, "is not a usable PEM private key")


def _content(path: Path, host: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise refused(path, host, f"cannot be read: {error.strerror}", "correct the path or the mode") from None
    except ValueError:
        raise refused(path, host, "cannot be read: it holds a NUL or invalid Unicode") from None


def _digest(policy: TLSPolicy, authorities: tuple[str, ...], private: bytes) -> str:
    """Return a digest of all that decides trust and route; it is one way, so it may be shown."""
    password = policy.client_key_password.reveal() if policy.client_key_password else ""
    proxy = policy.proxy
    parts = (
        *authorities,
        repr((policy.host, policy.ca_only, policy.min_version, policy.insecure, policy.plain_http)),
        repr((policy.roots, look(policy.roots.watch), str(proxy), proxy.username if proxy else "")),
        proxy.password.reveal() if proxy and proxy.password else "",
        password,
        hashlib.sha256(private).hexdigest(),
    )
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part.encode())
    return digest.hexdigest()
