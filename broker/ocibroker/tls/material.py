"""A policy together with what its files hold, read and verified at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NoReturn

from ocibroker.errors import TLSConfigurationError
from ocibroker.tls.contents import Contents
from ocibroker.tls.pem import read_certificates
from ocibroker.tls.refused import refused

if TYPE_CHECKING:
    import ssl

    from ocibroker.tls.policy import TLSPolicy

_VERSIONS: Final = MappingProxyType({"1.2": "TLSv1_2", "1.3": "TLSv1_3"})


@dataclass(frozen=True, slots=True)
class Material:
    """What a context is built from: ``contents`` that are in order, and the certificates of authorities in them."""

    contents: Contents
    authorities: tuple[str, ...]

    @classmethod
    def read(cls, policy: TLSPolicy) -> Material:
        """Read the policy's files and verify them; errors as :meth:`verified`, and those of reading."""
        return cls.verified(Contents.read(policy))

    @classmethod
    def verified(cls, contents: Contents) -> Material:
        """Look into what was read, and try the context that it makes.

        Raises :class:`~ocibroker.errors.TLSConfigurationError` that names file, host and reason.
        """
        authorities = tuple(pem for bundle in contents.bundles for pem in bundle.certificates())
        material = cls(contents, authorities)
        material.context()
        return material

    @property
    def policy(self) -> TLSPolicy:
        """Whose material it is."""
        return self.contents.policy

    @property
    def digest(self) -> str:
        """What changes with every setting and every file's content."""
        return self.contents.digest

    def context(self) -> ssl.SSLContext:
        """Return a new client context. Flags are set one by one: defaults differ between Python versions."""
        import ssl  # slow, and needed only by who connects

        policy = self.policy
        context = self._trusting()
        context.minimum_version = getattr(ssl.TLSVersion, _VERSIONS[policy.min_version])
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
        import ssl

        if policy.ca_only and ssl.SSLContext.__module__ != "ssl":
            raise TLSConfigurationError(
                f"{ssl.SSLContext.__module__} has replaced it, and ca_only cannot be kept for {policy.host}",
                culprit="ssl.SSLContext",
                hint="do not call inject_into_ssl() in this process, or drop ca_only",
            )
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def _identify(self, context: ssl.SSLContext, certificate: Path) -> None:
        import ssl

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
        import ssl

        host = self.policy.host
        read_certificates(certificate, host) if certificate != key else None
        if isinstance(failure, ssl.SSLError) and failure.reason == "KEY_VALUES_MISMATCH":
            raise refused(key, host, f"is not the key of {certificate}")
        if b"ENCRYPTED" in self.contents.private:
            if self.policy.client_key_password:
                raise refused(key, host, "cannot be decrypted with client_key_password", "correct the password")
            raise refused(key, host, "is encrypted", "set client_key_password, or decrypt the key")
        raise refused(key, host, "is not a usable PEM private key")
