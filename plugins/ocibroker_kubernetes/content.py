"""From a request to what its secret says."""

from __future__ import annotations

from ocibroker.provider import (
    Anonymous,
    Credential,
    CredentialUnavailable,
    FetchRequest,
    SSHKey,
    Trust,
)
from ocibroker_kubernetes import keys
from ocibroker_kubernetes.logins import login_in, logins_of
from ocibroker_kubernetes.mounted import read_folder
from ocibroker_kubernetes.options import KubernetesOptions, path_of
from ocibroker_kubernetes.paths import settings_for
from ocibroker_kubernetes.secret_data import SecretData
from ocibroker_kubernetes.settings import Settings
from ocibroker_kubernetes.storage import storage_settings

Asked = FetchRequest[KubernetesOptions]


def credential_of(request: Asked) -> Credential | Anonymous:
    """Return the credential for the target; errors as the provider's ``fetch``."""
    if request.options.service_account:
        return _of_account(request)
    data = _data(request)
    if (logins := logins_of(data)) is not None:
        return _found(request, data.source, login_in(logins, request.target))
    if (settings := _settings(request, data)) is None:
        hint = f"add it to {keys.PATHS}, or set anonymous_fallback = true in the rule"
        raise CredentialUnavailable(
            f"holds nothing for the path {path_of(request)!r}", culprit=data.source, hint=hint
        )
    return settings.credential()


def trust_of(request: Asked) -> Trust | None:
    """Return what is said of TLS; logins of Docker's say nothing."""
    settings = None if request.options.service_account else _settings(request, _data(request))
    return settings.trust() if settings else None


def ssh_key_of(request: Asked) -> SSHKey | None:
    """Return the key for SSH, if there is one."""
    settings = None if request.options.service_account else _settings(request, _data(request))
    return settings.ssh_key() if settings else None


def _data(request: Asked) -> SecretData:
    if request.options.fleet_secret is not None:
        return read_folder(request.options.fleet_secret)
    from ocibroker_kubernetes.api_server import ApiServer  # here, since a mounted secret needs none of it

    return ApiServer.of(request).secret(*request.options.secret.split("/"))


def _settings(request: Asked, data: SecretData) -> Settings | None:
    """Return what ``data`` says to that request; none where it says nothing, or holds logins of Docker's."""
    if logins_of(data) is not None:
        return None
    if (paths := data.value(keys.PATHS)) is not None:
        return settings_for(path_of(request), paths)
    if data.kind == keys.OCI_STORAGE or (not data.kind and keys.REFERENCE in data.values):
        return storage_settings(data, request.target)
    return Settings(
        source=data.source,
        username=data.value(keys.USERNAME),
        password=data.value(keys.PASSWORD),
        ca=data.value(keys.CA),
        private_key=data.value(keys.PRIVATE_KEY),
        known_hosts=data.value(keys.KNOWN_HOSTS),
        insecure=data.value(keys.INSECURE),
        plain_http=data.value(keys.PLAIN_HTTP),
    )


def _of_account(request: Asked) -> Credential:
    """Return the first login in the account's ``imagePullSecrets``, in their order, as the kubelet takes them."""
    from ocibroker_kubernetes.api_server import ApiServer

    namespace, name = request.options.service_account.split("/")
    server = ApiServer.of(request)
    for secret in server.pull_secrets(namespace, name):
        logins = logins_of(server.secret(namespace, secret))
        if logins is not None and (found := login_in(logins, request.target)) is not None:
            return found
    return _found(request, request.options.named, None)


def _found(request: Asked, source: str, login: Credential | None) -> Credential:
    if login is not None:
        return login
    hint = "add one, or set anonymous_fallback = true in the rule"
    raise CredentialUnavailable(f"holds no login for {request.target}", culprit=source, hint=hint)
