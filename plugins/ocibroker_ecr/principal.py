"""Who asks, as declared, and the files that decide it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ocibroker.provider import Request
from ocibroker_ecr.options import EcrOptions

ROLE_ANNOTATIONS: Final = ("eks.amazonaws.com/ecr-role-arn", "eks.amazonaws.com/role-arn")
"""What a Kubernetes service account says of its role."""

_DECISIVE: Final = (
    "AWS_ACCESS_KEY_ID",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
)
"""The variables that decide, beside the profile, whose identity is found."""


_DECLARING: Final = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
"""The variables by which somebody says that there is an identity, and which."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files that the AWS tools share, by the environment that was passed in."""

    config: Path
    credentials: Path
    sso: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Files:
        """Return where they are, whether they exist or not."""
        home = Path(environ.get("HOME") or environ.get("USERPROFILE") or "/")
        folder = home / ".aws"

        def named(variable: str, usual: str) -> Path:
            path = Path(environ.get(variable) or folder / usual)
            return home.joinpath(*path.parts[1:]) if path.parts[:1] == ("~",) else path.absolute()

        config, credentials = ("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")
        return cls(named(*config), named(*credentials), folder / "sso" / "cache")


def roles_of(request: Request[EcrOptions]) -> tuple[str, ...]:
    """Return the roles to assume, one after the other: the rule's, else the one that the caller's account names."""
    said = request.options.role_arn
    roles = (said,) if isinstance(said, str) else said
    # Without a token anybody's annotation would be a role for the machine's own identity to assume.
    if roles or request.caller is None or request.caller.token is None:
        return roles
    annotations = request.caller.annotations
    return next(((annotations[name],) for name in ROLE_ANNOTATIONS if annotations.get(name)), ())


def principal_of(request: Request[EcrOptions]) -> tuple[tuple[str, ...], tuple[Path, ...]]:
    """Return who asks, as declared, and the files that decide it."""
    options, environ = request.options, request.environ
    if request.caller is not None and request.caller.token is not None:
        # Not its subject: that would be believed before AWS has verified the token.
        return (f"caller {_digest(request.caller.token.reveal())}",), ()
    if options.web_identity_token is not None:
        return (f"token of {options.web_identity_token}",), options.web_identity_token.watch
    files, named = Files.of(environ), {} if options.profile else environ
    tokens = ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    watch = (Path(named[name]).absolute() for name in tokens if named.get(name))
    decisive = (f"{name} {_digest(named[name])}" for name in _DECISIVE if named.get(name))
    return (f"profile {profile_of(request)}", *decisive), (files.config, files.credentials, *watch)


def is_declared(request: Request[EcrOptions]) -> bool:
    """Whether somebody has said whose identity it shall be: the caller, the rule or a variable."""
    options, caller = request.options, request.caller
    named = options.profile or options.role_arn or options.web_identity_token or (caller and caller.token)
    return bool(named) or any(request.environ.get(name) for name in _DECLARING)


def profile_of(request: Request[EcrOptions]) -> str:
    """Return the name of the profile that counts."""
    environ = request.environ
    return request.options.profile or environ.get("AWS_DEFAULT_PROFILE") or environ.get("AWS_PROFILE") or "default"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
