"""What a Secret of Fleet's says, by one name for each thing, however its key is spelt."""

from __future__ import annotations

from dataclasses import dataclass

from ocibroker.provider import (
    Anonymous,
    Basic,
    ConfigurationError,
    CredentialUnavailable,
    OcibrokerError,
    PrivateKey,
    Secret,
    SSHKey,
    Trust,
)
from ocibroker_kubernetes.value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Nothing is looked into before it is asked for. ``source`` is the secret, or its part, for people."""

    source: str
    username: Value | None = None
    password: Value | None = None
    ca: Value | None = None
    private_key: Value | None = None
    known_hosts: Value | None = None
    insecure: Value | None = None
    plain_http: Value | None = None

    def credential(self) -> Basic | Anonymous:
        """Return user and password; anonymous where there is neither.

        Raises :class:`~ocibroker.errors.CredentialUnavailable` where there is only one, or one is malformed.
        """
        match _filled(self.username), _filled(self.password):
            case Value() as username, Value() as password:
                return Basic(username=username.text, secret=_secret(password))
            case Value() as username, None:
                raise self._alone(username, "password")
            case None, Value() as password:
                raise self._alone(password, "user name")
        return Anonymous(f"{self.source} holds no user name and no password")

    def trust(self) -> Trust | None:
        """Return how the registry is reached and trusted, or none where nothing is said of it.

        Raises :class:`~ocibroker.errors.ConfigurationError` for what is malformed or contradicts itself.
        """
        weakened = [one for one in (self.insecure, self.plain_http) if one is not None and one.flag]
        said = [*([self.ca] if self.ca else []), *weakened]
        if len(said) > 1:
            keys = " and ".join(one.key for one in said)
            hint = "remove all but one, or set what weakens to false"
            raise ConfigurationError(f"{keys} contradict each other", culprit=self.source, hint=hint)
        if not said:
            return None
        return Trust(
            source=said[0].culprit,
            ca=(self.ca.file or self.ca.pem) if self.ca else None,
            insecure=self.insecure in weakened,
            plain_http=self.plain_http in weakened,
        )

    def ssh_key(self) -> SSHKey | None:
        """Return the key for SSH, or none; raises :class:`~ocibroker.errors.ConfigurationError`."""
        if (key := self.private_key) is None:
            return None
        hosts = self.known_hosts.content if self.known_hosts else b""
        try:
            return SSHKey(private_key=PrivateKey(key.text.replace("\r\n", "\n") + "\n"), known_hosts=hosts)
        except OcibrokerError as error:
            failure = error if isinstance(error, ConfigurationError) else key.wrong(error.message)
        raise failure

    def _alone(self, given: Value, missing: str) -> CredentialUnavailable:
        why = f"holds {given.key} without a {missing}"
        return CredentialUnavailable(why, culprit=self.source, hint="give both or none")


def _filled(value: Value | None) -> Value | None:
    return value if value is not None and value.text else None


def _secret(value: Value) -> Secret:
    try:
        return Secret(value.text)
    except OcibrokerError as error:
        failure = CredentialUnavailable(error.message, culprit=value.culprit, hint="correct it in the secret")
    raise failure
