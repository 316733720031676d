"""Who asks, as declared, and the files that decide it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ocibroker.provider import Request
from ocibroker_gar.options import GarOptions

NAMED: Final = "GOOGLE_APPLICATION_CREDENTIALS"
"""What names a credential file: https://cloud.google.com/docs/authentication/application-default-credentials"""

ADDRESS: Final = "169.254.169.254"
"""Of the metadata server. Not its name: most machines have none, and a resolver may take seconds to say so."""

_NAMES: Final = frozenset({"metadata.google.internal", "metadata.google.internal.", "metadata"})

ANNOTATION: Final = "iam.gke.io/gcp-service-account"
"""What a Kubernetes service account says of the one that it stands for.

https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity
"""

_OF_AWS: Final = ("AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_DEFAULT_REGION")
"""What decides, beside a credential file, who a federated identity of AWS is."""


def named_file(environ: Mapping[str, str]) -> Path | None:
    """Return the file that the environment names."""
    return Path(environ[NAMED]).absolute() if environ.get(NAMED) else None


def login_file(environ: Mapping[str, str]) -> Path:
    """Return where ``gcloud auth application-default login`` keeps its login, be there one or not."""
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or "/")
    usual = Path(environ["APPDATA"]) / "gcloud" if _on_windows(environ) else home / ".config" / "gcloud"
    folder = Path(environ.get("CLOUDSDK_CONFIG") or usual)
    return folder.absolute() / "application_default_credentials.json"


def _on_windows(environ: Mapping[str, str]) -> bool:
    return os.name == "nt" and bool(environ.get("APPDATA"))


def server_of(environ: Mapping[str, str]) -> str:
    """Return ``host[:port]`` of the metadata server; nothing where it must not be asked."""
    if environ.get("NO_GCE_CHECK") == "true":
        return ""
    said = environ.get("GCE_METADATA_HOST") or environ.get("GCE_METADATA_ROOT") or environ.get("GCE_METADATA_IP")
    return ADDRESS if not said or said in _NAMES else said


def accounts_of(request: Request[GarOptions]) -> tuple[str, ...]:
    """Return the accounts to impersonate: the rule's, else the one that the caller's account names."""
    said = request.options.impersonate
    accounts = (said,) if isinstance(said, str) else said
    # Without a token anybody's annotation would be an account for the machine's own identity to impersonate.
    if accounts or request.caller is None or request.caller.token is None:
        return accounts
    named = request.caller.annotations.get(ANNOTATION)
    return (named,) if named else ()


def principal_of(request: Request[GarOptions]) -> tuple[tuple[str, ...], tuple[Path, ...]]:
    """Return who asks, as declared, and the files that decide it."""
    options, environ = request.options, request.environ
    if request.caller is not None and request.caller.token is not None:
        # Not its subject: that would be believed before Google has verified the token.
        return (f"caller {_digest(request.caller.token.reveal())}", options.workload_identity_provider), ()
    if (kept := options.identity_token) is not None:
        return (f"token of {kept}", options.workload_identity_provider), kept.watch
    if (kept := options.credentials) is not None:
        return (f"credentials of {kept}", *_of_aws(environ)), kept.watch
    if (named := named_file(environ)) is not None:
        return (f"file {named}", *_of_aws(environ)), (named,)
    login = login_file(environ)
    return (f"login {login}", f"metadata server {server_of(environ)}", *_of_aws(environ)), (login,)


def _of_aws(environ: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{name} {_digest(environ[name])}" for name in _OF_AWS if environ.get(name))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
