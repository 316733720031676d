"""Whether a registry accepts a credential."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ocibroker.credential import Anonymous
from ocibroker.errors import ConnectionFailed, IntegrityError, RegistryRefused

if TYPE_CHECKING:
    from ocibroker.access import Access
    from ocibroker.broker import Broker
    from ocibroker.credential import Credential
    from ocibroker.target import Target

_API: Final = "/v2/"
_REFUSED: Final = frozenset({401, 403})


def accepted(broker: Broker, target: Target, credential: Credential) -> bool:
    """Return whether the registry asked for ``credential`` and accepted it; false where it asks nobody.

    Asked is ``/v2/``, as by every client that logs in. There a registry may refuse a user who may enter one part of
    it only, so what is refused is tried again at the target's path. Raises
    :class:`~ocibroker.errors.RegistryRefused`, and what a connection raises.
    """
    if _asks_nobody(broker, target):
        return False
    access = broker.present(target, credential)
    if not _let_in(access, _API) and not (target.path and _let_in(access, f"{_API}{target.path}/tags/list")):
        raise RegistryRefused(
            "refused the user name or the password; nothing is stored",
            culprit=str(access.origin),
            hint="check both; some registries want an access token for a password",
        )
    return True


def _asks_nobody(broker: Broker, target: Target) -> bool:
    access = broker.present(target, Anonymous("to see whether the registry asks"))
    if access.origin.scheme == "http":
        return _let_in(access, _API)
    # Nothing here answers a challenge, not even for a token that everybody gets, as on Docker Hub.
    with access.public_client() as client:
        return client.get(f"{access.origin}{_API}").is_success


def _let_in(access: Access, path: str) -> bool:
    try:
        with access.client() as client:
            status = client.get(path).status_code
    except RegistryRefused:
        return False
    if status in _REFUSED:
        return False
    if status == 429 or status >= 500:
        raise ConnectionFailed(f"answered {status}", culprit=str(access.origin), hint="try again later")
    # Below /v2/ it is no more than a repository that is not there.
    if status >= 300 and (status != 404 or path == _API):
        raise IntegrityError(
            f"answered {status} to {path}", culprit=str(access.origin), hint="see whether it is a registry"
        )
    return True
