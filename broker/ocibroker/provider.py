"""All that a plugin needs: ``from ocibroker.provider import …``, and nothing below it."""

from ocibroker.authfile import AuthFile, keyring_secret
from ocibroker.child import Completed
from ocibroker.claim import Claim, Strength
from ocibroker.clock import Clock
from ocibroker.credential import Anonymous, Basic, Bearer, Credential, IdentityToken
from ocibroker.credential_helper import CredentialHelper
from ocibroker.deadline import Deadline
from ocibroker.errors import (
    ConfigurationError,
    ConnectionFailed,
    CredentialUnavailable,
    IdentityRefused,
    NoIdentity,
    OcibrokerError,
    as_code,
)
from ocibroker.hookspecs import Provider, Providers, providers
from ocibroker.identity import Identity
from ocibroker.json_answer import JsonAnswer
from ocibroker.login_places import LoginPlace, login_places
from ocibroker.program import find_program
from ocibroker.quiet import hush, quietly
from ocibroker.reference import SecretRef, TextRef
from ocibroker.request import Caller, FetchRequest, Options, Request, Run
from ocibroker.secret import Secret
from ocibroker.target import Target
from ocibroker.tls import TLSPolicy

__all__ = [
    "Anonymous",
    "AuthFile",
    "Basic",
    "Bearer",
    "Caller",
    "Claim",
    "Clock",
    "Completed",
    "ConfigurationError",
    "ConnectionFailed",
    "Credential",
    "CredentialHelper",
    "CredentialUnavailable",
    "Deadline",
    "FetchRequest",
    "Identity",
    "IdentityRefused",
    "IdentityToken",
    "JsonAnswer",
    "LoginPlace",
    "NoIdentity",
    "OcibrokerError",
    "Options",
    "Provider",
    "Providers",
    "Request",
    "Run",
    "Secret",
    "SecretRef",
    "Strength",
    "TLSPolicy",
    "Target",
    "TextRef",
    "as_code",
    "find_program",
    "hush",
    "keyring_secret",
    "login_places",
    "providers",
    "quietly",
]
