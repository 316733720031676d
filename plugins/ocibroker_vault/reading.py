"""One secret of Vault's, by the requests that hvac makes and the broker sends."""

from __future__ import annotations

from typing import Any, Final

from ocibroker.provider import CredentialUnavailable, FetchRequest, OcibrokerError, as_secret, hush, quietly
from ocibroker_vault.options import VaultPlace
from ocibroker_vault.session import Session

_ELSE: Final = "something else answers in Vault's place: look at url, and at the proxy"


def values_of(request: FetchRequest[VaultPlace]) -> dict[str, Any]:
    """Return what the secret holds; nothing of it is logged.

    Raises :class:`~ocibroker.errors.CredentialUnavailable`, and what a connection raises.
    """
    request.deadline.left()
    return quietly(lambda: _careful(request), "hvac")


def _careful(request: FetchRequest[VaultPlace]) -> dict[str, Any]:
    try:
        return _read(request)
    except OcibrokerError as error:
        failure = error.restated()
    except ImportError:
        failure = CredentialUnavailable("hvac is not installed", hint="pip install 'ocibroker[vault]'")
    except Exception:  # noqa: BLE001  # what an answer makes of hvac that is none of Vault's
        failure = CredentialUnavailable("Vault's answer is none", hint=_ELSE)
    raise failure


def _read(request: FetchRequest[VaultPlace]) -> dict[str, Any]:
    # Not its Client, which reads VAULT_ADDR, VAULT_TOKEN and ~/.vault-token of the process.
    from hvac.adapters import JSONAdapter
    from hvac.api.secrets_engines import KvV1, KvV2

    hush("hvac")  # the import has made more loggers
    place = request.options
    adapter = JSONAdapter(
        base_uri=place.url, session=Session(request), namespace=place.namespace or None, allow_redirects=False
    )
    _log_in(adapter, request)
    if place.kv == 1:
        values = KvV1(adapter).read_secret(place.path, mount_point=place.mount)["data"]
    else:
        found = KvV2(adapter).read_secret_version(
            place.path, mount_point=place.mount, raise_on_deleted_version=True
        )
        values = found["data"]["data"]
    if not isinstance(values, dict):
        raise CredentialUnavailable("Vault's answer holds no secret", hint=_ELSE)
    return values


def _log_in(adapter: Any, request: FetchRequest[VaultPlace]) -> None:  # noqa: ANN401  # hvac has no types
    """Give ``adapter`` the token by which the secret is read."""
    from hvac.api.auth_methods import JWT, AppRole, Kubernetes

    place = request.options
    mount = place.auth_mount or place.auth
    match place.auth:
        case "token" if place.token:
            adapter.token = request.secret(place.token).reveal()
        case "approle" if place.role_id:
            role_id = request.secret(place.role_id).reveal()
            secret_id = request.secret(place.secret_id).reveal() if place.secret_id else None
            AppRole(adapter).login(role_id, secret_id, mount_point=mount)
        case "kubernetes" if place.assertion:
            jwt = request.secret(place.assertion).reveal()
            Kubernetes(adapter).login(place.role, jwt, mount_point=mount)
        case "jwt" if place.assertion:
            JWT(adapter).jwt_login(place.role or None, request.secret(place.assertion).reveal(), path=mount)
        case "cert":
            # Not by hvac's Cert, which wants the files of the certificate: the connection has it already.
            adapter.login(f"/v1/auth/{mount}/login", json={"name": place.role} if place.role else {})
    _check(adapter.token)


def _check(token: object) -> None:
    """Refuse what an answer has for a token and could be no header."""
    if not isinstance(token, str) or as_secret(token) is None:
        raise CredentialUnavailable("the login was answered without a token", hint=_ELSE)
