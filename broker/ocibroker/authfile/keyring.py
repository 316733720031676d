"""The operating system's keyring: Secret Service, KWallet, macOS's Keychain, Windows' Credential Locker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self, TypeVar

from ocibroker.errors import CredentialUnavailable, InvalidValue, OcibrokerError
from ocibroker.secret import Secret

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

CULPRIT: Final = "keyring"

_MISSING: Final = "unlock or start the keyring, or keep the secret in a file: `ocibroker login --file`"
_LOCKED: Final = "unlock the keyring, and try again"
_NO_KEYRINGS: Final = (
    "keyring.backends.fail",
    "keyring.backends.null",
    "keyrings.alt",
    "ocibroker.frontends.keyring",
)
"""Backends that keep nothing, ourselves among them, or keep it in a plain file, or ask on the terminal."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """One keyring. Each of its errors is a :class:`~ocibroker.errors.CredentialUnavailable`.

    A secret is stored under a login's key, as ``ocibroker:registry.example.com``, and a user name.
    """

    _backend: KeyringBackend

    @classmethod
    def system(cls) -> Self:
        """Return the keyring of this session, chosen as the library ``keyring`` documents it.

        Raises :class:`~ocibroker.errors.CredentialUnavailable` where there is none that keeps a secret.
        """
        try:
            import keyring
        except ImportError:
            missing = True
        else:
            missing = False
        if missing:
            raise CredentialUnavailable(
                "needs the library keyring", culprit=CULPRIT, hint="pip install 'ocibroker[keyring]'"
            )
        return cls.of(_contained("there is no keyring", keyring.get_keyring, _MISSING))

    @classmethod
    def of(cls, backend: KeyringBackend) -> Self:
        """Return the keyring that ``backend`` is, or the first of a chain that keeps a secret."""
        kept = next((one for one in _flat([backend]) if _keeps(one)), None)
        if kept is None:
            raise CredentialUnavailable("there is no keyring here", culprit=CULPRIT, hint=_MISSING)
        return cls(kept)

    @property
    def name(self) -> str:
        """What people call it: ``SecretService``, ``macOS``, ``Windows``."""
        return type(self._backend).__module__.rpartition(".")[2]

    def get(self, key: str, username: str) -> Secret:
        """Return the secret of that login."""
        again = f"run `ocibroker login {key}` again"
        return self.password(_service(key), username, what=f"for {key}", hint=again)

    def password(self, service: str, username: str, *, what: str, hint: str) -> Secret:
        """Return what is stored for ``username`` at ``service``; ``what`` calls it in errors."""
        found = _contained("cannot be read", lambda: self._backend.get_password(service, username), _LOCKED)
        if not found:
            raise CredentialUnavailable(f"has no secret {what}", culprit=CULPRIT, hint=hint)
        return _secret(found, what, hint)

    def put(self, key: str, username: str, secret: Secret) -> None:
        """Store the secret of that login; one that is there is replaced."""
        _contained(
            "cannot be written",
            lambda: self._backend.set_password(_service(key), username, secret.reveal()),
            _MISSING,
        )

    def remove(self, key: str, username: str) -> None:
        """Remove the secret of that login; that there is none is no error."""
        if (
            _contained("cannot be read", lambda: self._backend.get_password(_service(key), username), _LOCKED)
            is None
        ):
            return
        _contained("cannot be written", lambda: self._backend.delete_password(_service(key), username), _LOCKED)


def keyring_secret(registry: str, username: str) -> Secret:
    """Return the secret of a login; ``registry`` is its key, a host or a host with a path.

    Raises :class:`~ocibroker.errors.CredentialUnavailable` where there is no keyring, it is locked, or it has no
    such secret. It may wait for the person who unlocks it.
    """
    return Keyring.system().get(registry, username)


def keyring_password(service: str, username: str) -> Secret:
    """Return what any program has stored for ``username`` at ``service``; errors as :func:`keyring_secret`."""
    hint = f"store it: `keyring set {service} {username}`"
    return Keyring.system().password(service, username, what=f"of {username} at {service}", hint=hint)


def _service(key: str) -> str:
    return f"ocibroker:{key}"


def _secret(text: str, what: str, hint: str) -> Secret:
    try:
        return Secret(text)
    except InvalidValue as error:
        why = error.message
    raise CredentialUnavailable(f"the entry {what}: {why}", culprit=CULPRIT, hint=hint)


def _contained(what: str, act: Callable[[], T], hint: str) -> T:
    try:
        return act()
    except OcibrokerError:
        raise
    except Exception as error:  # noqa: BLE001  # each backend raises its own, D-Bus and ctypes among them
        why = f"{what}: {type(error).__name__}"
    raise CredentialUnavailable(why, culprit=CULPRIT, hint=hint)


def _flat(backends: Iterable[KeyringBackend]) -> Iterator[KeyringBackend]:
    """Return ``backends`` with the parts of a chain in its place: a chain hands on to whatever comes next."""
    for backend in backends:
        parts = getattr(backend, "backends", None)
        yield from [backend] if parts is None else _flat(parts)


def _keeps(backend: KeyringBackend) -> bool:
    module = type(backend).__module__
    return not any(module == name or module.startswith(f"{name}.") for name in _NO_KEYRINGS)
