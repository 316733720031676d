"""Signing an application in at Entra ID, by azure-identity over the broker's transport."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from ocibroker.provider import (
    CredentialUnavailable,
    FetchRequest,
    OcibrokerError,
    Secret,
    as_secret,
    hush,
    quietly,
)
from ocibroker_acr.faults import UnknownAudience, refused
from ocibroker_acr.nobody import nobody
from ocibroker_acr.options import AcrOptions
from ocibroker_acr.places import CLIENT_ANNOTATIONS, TENANT_ANNOTATIONS, Application, is_id
from ocibroker_acr.wire import Wire

PACKAGES: Final = ("azure", "msal")
"""Whose loggers are kept quiet."""

_LATER: Final = ("azure.core.pipeline.policies.http_logging_policy", "msal.oauth2cli.oauth2")
"""Loggers that are made by the first sign-in of a process, and not by the import."""

_LARGEST: Final = 256 * 1024
"""Bytes of a file with a certificate, its chain and its key."""


def need_sdk(request: FetchRequest[AcrOptions]) -> None:
    """Raise :class:`~ocibroker.errors.CredentialUnavailable` that says what to install where there is no SDK.

    It is not imported, since that is slow, and most identities can do without.
    """
    try:
        if find_spec("azure.identity") is not None:
            return
    except ImportError:  # nothing of azure's is installed
        pass
    raise nobody(request, "azure-identity is not installed", "pip install 'ocibroker[acr]'")


def sign_in(
    request: FetchRequest[AcrOptions], application: Application, authority: str, audience: str
) -> Secret | UnknownAudience:
    """Return a token of ``application`` for ``audience``; nothing of it is logged.

    Raises :class:`~ocibroker.errors.CredentialUnavailable`, and what a connection raises.
    """
    _check(application)
    return quietly(lambda: _sign_in(request, application, authority, audience), *PACKAGES)


def _sign_in(
    request: FetchRequest[AcrOptions], application: Application, authority: str, audience: str
) -> Secret | UnknownAudience:
    wire = Wire(request, authority)
    try:
        credential = _credential(request, application, wire, authority)
        token = as_secret(credential.get_token_info(f"{audience}/.default").token)
        if token is not None:
            return token
        failure: OcibrokerError = CredentialUnavailable("Entra ID answered with a token that is none")
    except OcibrokerError as error:
        failure = error.restated()
    except Exception as error:  # noqa: BLE001  # an SDK may raise anything
        failure = wire.failure or _said(wire, error)
        if wire.answer is not None and wire.answer.refusal.of_audience:
            return UnknownAudience(failure)
    raise failure


def _said(wire: Wire, error: Exception) -> OcibrokerError:
    """Return our error for one of azure-identity's, which makes the same of everything."""
    if wire.answer is not None:
        return refused("Entra ID", wire.answer)
    return CredentialUnavailable(f"azure-identity raised {type(error).__name__}", hint="see docs/acr.md")


def _credential(request: FetchRequest[AcrOptions], application: Application, wire: Wire, authority: str) -> Any:  # noqa: ANN401  # three classes, one method
    from azure import identity

    for name in _LATER:
        logging.getLogger(name)
    hush(*PACKAGES)  # the import has made more loggers
    who = (application.tenant, application.client)
    settings: dict[str, Any] = {
        "authority": authority,
        "transport": wire,
        "retry_total": 0,
        "retry_status": 0,
        "user_agent_use_env": False,
        # Else Microsoft's public cloud is asked whether it knows the authority.
        "disable_instance_discovery": True,
    }
    if application.assertion is not None:
        assertion = request.secret(application.assertion)
        return identity.ClientAssertionCredential(*who, assertion.reveal, **settings)
    if application.secret is not None:
        secret = request.secret(application.secret)
        made: Any = identity.ClientSecretCredential(*who, secret.reveal(), **settings)
    else:
        made = _by_certificate(request, application, settings)
    # No region: the variables AZURE_REGIONAL_AUTHORITY_NAME and MSAL_FORCE_REGION of the process would lead to
    # another host, and there is no other way to say so. A test pins the name.
    made._regional_authority = False
    return made


def _by_certificate(request: FetchRequest[AcrOptions], application: Application, settings: dict[str, Any]) -> Any:  # noqa: ANN401  # as above
    from azure.identity import CertificateCredential

    path = application.certificate.file if application.certificate else None
    if path is None:
        raise CredentialUnavailable("is no file", culprit="client_certificate", hint="write { file = … }")
    password = request.secret(application.password).reveal() if application.password else None
    content = _content(path)
    try:
        return CertificateCredential(
            application.tenant, application.client, certificate_data=content, password=password, **settings
        )
    except Exception:  # noqa: BLE001, S110  # whatever cryptography raises; the message may quote the file
        pass
    raise CredentialUnavailable(
        "holds no certificate with its RSA key, or the password is another",
        culprit=f"file {path}",
        hint="put certificate and key into one file, PEM or PKCS #12; set client_certificate_password",
    )


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its name is none"
    else:
        if 0 < len(content) <= _LARGEST:
            return content
        why = "it is empty, or too large for a certificate"
    raise CredentialUnavailable(
        f"cannot be read: {why}", culprit=f"file {path}", hint="correct the path or the mode"
    )


def _check(application: Application) -> None:
    """Refuse an application that is not named, or whose name could be anything else in a URL."""
    named = (
        ("tenant", application.tenant, "tenant_id", "AZURE_TENANT_ID", TENANT_ANNOTATIONS[0]),
        ("client", application.client, "client_id", "AZURE_CLIENT_ID", CLIENT_ANNOTATIONS[0]),
    )
    for what, value, option, variable, annotation in named:
        if not value:
            hint = f"set {option} in the rule, {variable}, or the annotation {annotation} of the service account"
            raise CredentialUnavailable(f"no {what} is named for {application.told}", hint=hint)
        if not is_id(value):
            hint = f"correct {option}, {variable}, or the annotation"
            raise CredentialUnavailable(f"the {what} of {application.told} is no id", hint=hint)
