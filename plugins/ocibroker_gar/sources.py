"""Where an identity comes from: the caller, the rule, or Application Default Credentials."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final, TypeVar

from ocibroker.provider import JsonAnswer, SecretRef, as_code
from ocibroker_gar.asking import Asking
from ocibroker_gar.document import Document, Federated, Impersonated, Key, Login
from ocibroker_gar.endpoints import account_in
from ocibroker_gar.federation import brought_token, federated_token
from ocibroker_gar.impersonation import impersonate
from ocibroker_gar.login import login_token, workforce_token
from ocibroker_gar.metadata import metadata_token
from ocibroker_gar.principal import NAMED, login_file, named_file
from ocibroker_gar.reading import content_of
from ocibroker_gar.service_account import key_token
from ocibroker_gar.token import Token

T = TypeVar("T", bound=JsonAnswer)

_DELEGATE: Final = "projects/-/serviceAccounts/"


def source_token(asking: Asking) -> Token | None:
    """Return the token of the first identity that there is; none where there is none at all.

    Raises :class:`~ocibroker.errors.CredentialUnavailable` where it fails.
    """
    caller, options = asking.request.caller, asking.request.options
    if caller is not None and caller.token is not None:
        asking.tried.append("the caller's token")
        return brought_token(asking, caller.token)
    if options.identity_token is not None:
        asking.tried.append(f"the token of {options.identity_token}")
        return brought_token(asking, asking.request.secret(options.identity_token))
    if options.credentials is not None:
        asking.tried.append(f"the credentials of {options.credentials}")
        return document_token(asking, _kept(asking, options.credentials))
    return _default(asking)


def _kept(asking: Asking, reference: SecretRef) -> bytes:
    # Not as a secret: those of a file are one line.
    if reference.file is not None:
        return content_of(reference.file)
    return asking.request.secret(reference).reveal().encode()


def _default(asking: Asking) -> Token | None:
    """Return what Application Default Credentials give.

    https://cloud.google.com/docs/authentication/application-default-credentials
    """
    environ = asking.request.environ
    if (named := named_file(environ)) is not None:
        asking.tried.append(f"{NAMED} ({named})")
        return document_token(asking, content_of(named))
    login = login_file(environ)
    asking.tried.append(f"gcloud's login ({login})")
    return document_token(asking, content_of(login)) if _exists(login) else metadata_token(asking)


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        pass  # what is wrong with it, reading it says
    return True


def document_token(asking: Asking, content: bytes, *, inner: bool = False) -> Token:
    """Return the token for one of Google's JSON documents; ``inner`` is one within another."""
    said = _read(asking, Document, content)
    if said.universe_domain != asking.universe:
        why = f"the credential file is of another universe than the registry, which is in {asking.universe}"
        raise asking.failed(why, "use a credential file of that universe")
    match said.type:
        case "service_account":
            return key_token(asking, _read(asking, Key, content))
        case "authorized_user":
            return login_token(asking, _read(asking, Login, content))
        case "external_account_authorized_user":
            return workforce_token(asking, _read(asking, Login, content))
        case "external_account":
            return federated_token(asking, _read(asking, Federated, content))
        case "impersonated_service_account" if not inner:
            return _impersonated(asking, _read(asking, Impersonated, content))
    why = f"a credential file of the type {as_code(said.type) or 'that it says'} is not supported"
    raise asking.failed(why, "see docs/gar.md for those that are")


def _impersonated(asking: Asking, document: Impersonated) -> Token:
    url = document.service_account_impersonation_url
    if not (account := account_in(url, asking.universe)):
        why = "service_account_impersonation_url of the credential file is no address of Google's"
        raise asking.failed(why, "create the file again")
    token = document_token(asking, json.dumps(document.source_credentials).encode(), inner=True)
    chain = [name.removeprefix(_DELEGATE) for name in document.delegates]
    return impersonate(asking, token, [*chain, account], url)


def _read(asking: Asking, kind: type[T], content: bytes) -> T:
    if (found := kind.read(content)) is None:
        raise asking.failed("the credential file is no JSON document of Google's, or not whole", "create it again")
    return found
