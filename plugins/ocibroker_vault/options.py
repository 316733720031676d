"""Where in Vault a secret lies, and how one logs in there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from ocibroker.provider import SERVICE_ACCOUNT, SecretOptions, SecretRef, TextRef

Method = Literal["token", "approle", "kubernetes", "jwt", "cert"]

_POD: Final = SecretRef(file=SERVICE_ACCOUNT / "token")
_LOGINS: Final[Mapping[Method, tuple[tuple[str, ...], tuple[str, ...]]]] = MappingProxyType(
    {
        "token": (("token",), ()),
        "approle": (("role_id",), ("secret_id",)),
        "kubernetes": (("role",), ("jwt",)),
        "jwt": (("jwt",), ("role",)),
        "cert": ((), ("role",)),
    }
)
"""What each way to log in needs, and what else has a part in it."""
# Not compiled, since few configurations need them.
_URL: Final = r"https://[^\s@?#/]+(/[^\s@?#]*)?"
_PATH: Final = r"[^\s/?#%\x00-\x1f]+(/[^\s/?#%\x00-\x1f]+)*"


class VaultPlace(SecretOptions, frozen=True, kw_only=True):
    """``url`` is the server's, ``path`` the secret's in the KV engine that is mounted at ``mount``.

    ``kv`` is the engine's version. ``auth`` says how one logs in, at ``auth_mount`` if the method is mounted
    elsewhere than usual: by a ``token``; as an AppRole, by ``role_id`` and ``secret_id``; as a ``role``, by a
    ``jwt``, which for ``kubernetes`` is the pod's own unless another is named; by the client certificate of the
    ``[[tls]]`` entry.
    """

    url: str
    path: str
    mount: str = "secret"
    kv: Literal[1, 2] = 2
    namespace: str = ""
    auth: Method = "token"
    auth_mount: str = ""
    token: SecretRef | None = None
    role: str = ""
    role_id: TextRef | None = None
    secret_id: SecretRef | None = None
    jwt: SecretRef | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(_URL, self.url, re.ASCII):
            raise ValueError("url is no https:// URL of a server")
        for name in ("path", "mount", "namespace", "auth_mount"):
            value = getattr(self, name)
            if (value or name in {"path", "mount"}) and not _is_path(value):
                raise ValueError(f"{name} is no path: write it as team/charts")
        needed, more = _LOGINS[self.auth]
        for name in ("token", "role", "role_id", "secret_id", "jwt"):
            if getattr(self, name) and name not in {*needed, *more}:
                raise ValueError(f"{name} has no part in auth = {self.auth!r}")
            if not getattr(self, name) and name in needed:
                raise ValueError(f"auth = {self.auth!r} needs {name}")

    @property
    def told(self) -> str:
        """Where the secret lies, for people."""
        within = f"{self.namespace}/" if self.namespace else ""
        return f"{within}{self.mount}/{self.path} at {self.url}"

    @property
    def assertion(self) -> SecretRef | None:
        """The token of another issuer, by which one logs in."""
        return self.jwt or (_POD if self.auth == "kubernetes" else None)

    @property
    def watch(self) -> tuple[Path, ...]:
        """The files that decide who logs in."""
        proofs = (self.token, self.role_id, self.secret_id, self.assertion)
        return tuple(path for proof in proofs if proof for path in proof.watch)


class VaultOptions(VaultPlace, frozen=True, kw_only=True):
    """``key`` is which of the secret's values is meant."""

    key: str = "password"


class VaultProviderOptions(VaultPlace, frozen=True, kw_only=True):
    """``username_key`` and ``password_key`` are which of the secret's values are meant."""

    username_key: str = "username"
    password_key: str = "password"  # noqa: S105  # a key


def _is_path(text: str) -> bool:
    return bool(re.fullmatch(_PATH, text)) and not {".", ".."} & {*text.split("/")}
