"""Docker's ``config.json`` and Podman's ``auth.json`` as values, read and written, and the secrets in a keyring."""

from ocibroker.authfile.file import AuthFile
from ocibroker.authfile.keeping import forget_secrets, keep
from ocibroker.authfile.key import key_of
from ocibroker.authfile.keyring import Keyring, keyring_password, keyring_secret
from ocibroker.authfile.login import Login
from ocibroker.authfile.store import logins_path, put_login, remove_login

__all__ = [
    "AuthFile",
    "Keyring",
    "Login",
    "forget_secrets",
    "keep",
    "key_of",
    "keyring_password",
    "keyring_secret",
    "logins_path",
    "put_login",
    "remove_login",
]
