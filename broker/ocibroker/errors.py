"""Every error that ocibroker raises, and nothing else ever escapes from it.

    OcibrokerError
    ├── UsageError                  the caller asked for something that cannot be
    │   ├── InvalidTarget           the text is not a registry, repository or URL
    │   ├── InvalidValue            a credential, secret or identity that is malformed at birth
    │   ├── TransportRefused        a caller's transport that is not marked as one
    │   ├── CannotCarry             a front end or method that cannot carry this kind of credential
    │   ├── TargetNotAllowed        the sidecar does not answer that caller for that target
    │   └── ConfigurationError      a configuration file, or a file that it names
    │       └── TLSConfigurationError
    ├── NoProvider                  no rule and no claim fits the target
    ├── CredentialUnavailable       a provider recognised the target and failed
    │   ├── NoIdentity              there is no identity at all that the provider could use
    │   ├── IdentityRefused         the identity was found, and is not accepted any more
    │   ├── ContractViolation       a provider broke its contract
    │   └── ProviderUnavailable     a provider could not be loaded
    ├── RegistryRefused             the registry or its token endpoint said no
    │   ├── NotFound                the registry has no such repository, tag or blob
    │   └── CredentialWithheld      the server asks for a credential, and none was sent: no rule gave one there
    ├── ConnectionFailed            no usable connection
    │   ├── TLSFailed               the handshake failed
    │   ├── WrongScheme             plain HTTP where HTTPS was expected, or the reverse
    │   └── DeadlineExceeded
    ├── PairingViolation            a credential would have left the origin that it is bound to
    │   ├── OriginRefused           a direct request to another origin
    │   ├── RedirectRefused
    │   └── RealmRefused            a challenge names a token endpoint that is not trusted
    ├── IntegrityError              an answer that is malformed, or not what was promised
    └── WriteFailed                 a file that could not be written; what was there before is still there

Each carries the culprit (a host, provider, file or key) and the next step. No message holds a secret
or the body of a response.
"""

from __future__ import annotations

import re
from typing import Final, Self

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}", re.ASCII)


class OcibrokerError(Exception):
    """The root of all errors.

    ``culprit`` names the host, provider, file or configuration key at fault; ``hint`` is the next step,
    in the imperative, or empty. ``retry_after`` is for how many seconds the other side has asked to be left alone;
    none where it has not; ``request_id`` is its name for what was refused, by which its people find it, or empty.
    """

    def __init__(
        self,
        message: str,
        *,
        culprit: str = "",
        hint: str = "",
        retry_after: float | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(message, culprit, hint)
        self.message = message
        self.culprit = culprit
        self.hint = hint
        self.retry_after = retry_after
        self.request_id = request_id

    def __reduce__(self) -> tuple[type[OcibrokerError], tuple[str], dict[str, object]]:
        # Pickling by the default protocol would drop the keyword arguments.
        return type(self), (self.message,), self.__dict__

    def restated(self, *, culprit: str = "") -> Self:
        """Return the same error without traceback and cause, whose frames may hold secrets.

        ``culprit`` is filled in where there was none.
        """
        # Not by the class itself: a plugin's own error may be made in another way than ours.
        restated = type(self).__new__(type(self))
        OcibrokerError.__init__(
            restated,
            self.message,
            culprit=self.culprit or culprit,
            hint=self.hint,
            retry_after=self.retry_after,
            request_id=self.request_id,
        )
        return restated

    def __str__(self) -> str:
        lead = f"{self.culprit}: {self.message}" if self.culprit else self.message
        return f"{lead} ({self.hint})" if self.hint else lead


class UsageError(OcibrokerError):
    """The caller asked for something that cannot be."""


class InvalidTarget(UsageError):
    """The text does not name a registry, repository or URL."""


class InvalidValue(UsageError):
    """A value that is malformed at birth."""


class TransportRefused(UsageError):
    """A transport was handed over that is not marked as the caller's own."""


class CannotCarry(UsageError):
    """A front end or method cannot carry this kind of credential."""


class TargetNotAllowed(UsageError):
    """The sidecar does not answer the callers of that listener for that target."""


class ConfigurationError(UsageError):
    """A configuration file, or a file that it names, is wrong."""


class TLSConfigurationError(ConfigurationError):
    """A certificate authority, certificate, key or proxy that was configured cannot be used."""


class NoProvider(OcibrokerError):
    """No rule and no provider's claim fits the target."""


class CredentialUnavailable(OcibrokerError):
    """A provider recognised the target and could not get a credential for it."""


class NoIdentity(CredentialUnavailable):
    """A provider recognised the target, and there is no identity at all that it could use.

    Where no rule has chosen the provider, the logins of other tools are looked at then.
    """


class IdentityRefused(CredentialUnavailable):
    """The identity was found, and who gives credentials does not accept it: what it has got before is dropped too.

    For what is certain: revoked, deleted, denied. A doubtful answer is a :class:`CredentialUnavailable`.
    """


class ContractViolation(CredentialUnavailable):
    """A provider broke its contract; the culprit is the provider."""


class ProviderUnavailable(CredentialUnavailable):
    """A provider could not be loaded."""


class RegistryRefused(OcibrokerError):
    """The registry or its token endpoint refused the credential or the request."""


class NotFound(RegistryRefused):
    """The registry has no such repository, tag or blob."""


class CredentialWithheld(RegistryRefused):
    """A server asks for a credential, and none was sent: no rule gives one there, or a redirect led there."""


class ConnectionFailed(OcibrokerError):
    """No usable connection to a host."""


class TLSFailed(ConnectionFailed):
    """The TLS handshake with a host failed."""


class WrongScheme(ConnectionFailed):
    """A host speaks plain HTTP where HTTPS was expected, or the reverse."""


class DeadlineExceeded(ConnectionFailed):
    """The time that the caller allowed is over."""


class PairingViolation(OcibrokerError):
    """A credential would have left the origin that it is bound to."""


class OriginRefused(PairingViolation):
    """A direct request to an origin that the transport is not bound to."""


class RedirectRefused(PairingViolation):
    """A redirect that must not be followed."""


class RealmRefused(PairingViolation):
    """A challenge names a token endpoint that is not trusted with the credential."""


class IntegrityError(OcibrokerError):
    """An answer is malformed, or not what was promised."""


class WriteFailed(OcibrokerError):
    """A file could not be written; what was there before is still there."""


def as_code(said: object) -> str:
    """Return ``said`` if by its looks it is an error's code or the id of a request, else nothing.

    Of what a service says, an error shows only such: a description may quote the secret that was sent.
    """
    return said if isinstance(said, str) and _CODE.fullmatch(said) else ""
