"""A policy together with what its files hold, read at one moment and not yet looked into."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ocibroker.tls.refused import refused
from ocibroker.watch import look

if TYPE_CHECKING:
    from ocibroker.tls.pem import Bundle
    from ocibroker.tls.policy import TLSPolicy


@dataclass(frozen=True, slots=True)
class Contents:
    """What a context can be made from, if it is in order.

    ``files`` is a digest of the bytes of all files, and of what opens them; ``digest`` one of them and every
    setting. Both are one way, so they may be shown.
    """

    policy: TLSPolicy
    bundles: tuple[Bundle, ...]
    files: str
    digest: str
    private: bytes = field(repr=False)

    @classmethod
    def read(cls, policy: TLSPolicy) -> Contents:
        """Read the policy's files.

        Raises :class:`~ocibroker.errors.TLSConfigurationError` that names file, host and reason for one that is
        missing, empty or of another kind.
        """
        bundles = _bundles(policy) if policy.ca else ()
        pair = [path for path in (policy.client_cert, policy.client_key) if path]
        private = b"".join(_content(path, policy.host) for path in pair)
        files = _files(policy, bundles, private)
        return cls(policy, bundles, files, _digest(policy, files), private)


def _bundles(policy: TLSPolicy) -> tuple[Bundle, ...]:
    from ocibroker.tls.pem import read_bundle  # here, since most hosts have no authority of their own

    return tuple(read_bundle(path, policy.host) for path in policy.ca)


def _content(path: Path, host: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise refused(path, host, f"cannot be read: {error.strerror}", "correct the path or the mode") from None
    except ValueError:
        raise refused(path, host, "cannot be read: it holds a NUL or invalid Unicode") from None


def _files(policy: TLSPolicy, bundles: Iterable[Bundle], private: bytes) -> str:
    password = policy.client_key_password.reveal() if policy.client_key_password else ""
    bodies = (body for bundle in bundles for body in bundle.bodies)
    return _sum(*bodies, repr(look(policy.roots.watch)), password, hashlib.sha256(private).hexdigest())


def _digest(policy: TLSPolicy, files: str) -> str:
    proxy = policy.proxy
    return _sum(
        files,
        repr((policy.host, policy.ca_only, policy.min_version, policy.insecure, policy.plain_http)),
        repr((policy.roots, str(proxy), proxy.username if proxy else "")),
        proxy.password.reveal() if proxy and proxy.password else "",
    )


def _sum(*parts: str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part.encode())
    return digest.hexdigest()
