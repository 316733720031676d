"""All that a plugin needs: ``from ocibroker.provider import …``, and nothing below it.

Each name is imported when it is first used.
"""

from typing import TYPE_CHECKING

from ocibroker.lazily import resolve

if TYPE_CHECKING:
    from ocibroker.audit import AuditRecord
    from ocibroker.authfile import AuthFile, keyring_password, keyring_secret
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
    from ocibroker.fetch_request import FetchRequest, Run
    from ocibroker.hookspecs import (
        AuditObserver,
        AuditObservers,
        Provider,
        Providers,
        SSHKeySource,
        TrustSource,
        audit_observers,
        providers,
    )
    from ocibroker.http_answer import HttpAnswer
    from ocibroker.identity import Identity
    from ocibroker.json_answer import JsonAnswer
    from ocibroker.json_web_token import end_of
    from ocibroker.kept_login import KeptLogin
    from ocibroker.leased import Leased
    from ocibroker.login_places import LoginPlace, login_places
    from ocibroker.login_provider import LoginProvider
    from ocibroker.pod import SERVICE_ACCOUNT, pod_api_server
    from ocibroker.program import chosen_program, find_program
    from ocibroker.quiet import hush, quietly
    from ocibroker.reference import KeyRef, SecretRef, TextRef
    from ocibroker.request import FLEET_PATH, Caller, Options, Request
    from ocibroker.secret import Secret
    from ocibroker.secret_field import secret_field, secret_under, text_under
    from ocibroker.secret_source import (
        SecretOptions,
        SecretSource,
        SecretSources,
        Ttl,
        VariableSource,
        secret_sources,
    )
    from ocibroker.secret_text import as_secret
    from ocibroker.ssh_key import PrivateKey, SSHKey
    from ocibroker.target import Target
    from ocibroker.tls import TLSPolicy
    from ocibroker.token_service import TokenService
    from ocibroker.trust import Trust

__all__ = [
    "FLEET_PATH",
    "SERVICE_ACCOUNT",
    "Anonymous",
    "AuditObserver",
    "AuditObservers",
    "AuditRecord",
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
    "HttpAnswer",
    "Identity",
    "IdentityRefused",
    "IdentityToken",
    "JsonAnswer",
    "KeptLogin",
    "KeyRef",
    "Leased",
    "LoginPlace",
    "LoginProvider",
    "NoIdentity",
    "OcibrokerError",
    "Options",
    "PrivateKey",
    "Provider",
    "Providers",
    "Request",
    "Run",
    "SSHKey",
    "SSHKeySource",
    "Secret",
    "SecretOptions",
    "SecretRef",
    "SecretSource",
    "SecretSources",
    "Strength",
    "TLSPolicy",
    "Target",
    "TextRef",
    "TokenService",
    "Trust",
    "TrustSource",
    "Ttl",
    "VariableSource",
    "as_code",
    "as_secret",
    "audit_observers",
    "chosen_program",
    "end_of",
    "find_program",
    "hush",
    "keyring_password",
    "keyring_secret",
    "login_places",
    "pod_api_server",
    "providers",
    "quietly",
    "secret_field",
    "secret_sources",
    "secret_under",
    "text_under",
]

_HOME = {
    "FLEET_PATH": "request",
    "SERVICE_ACCOUNT": "pod",
    "Anonymous": "credential",
    "AuditObserver": "hookspecs",
    "AuditObservers": "hookspecs",
    "AuditRecord": "audit",
    "AuthFile": "authfile",
    "Basic": "credential",
    "Bearer": "credential",
    "Caller": "request",
    "Claim": "claim",
    "Clock": "clock",
    "Completed": "child",
    "ConfigurationError": "errors",
    "ConnectionFailed": "errors",
    "Credential": "credential",
    "CredentialHelper": "credential_helper",
    "CredentialUnavailable": "errors",
    "Deadline": "deadline",
    "FetchRequest": "fetch_request",
    "HttpAnswer": "http_answer",
    "Identity": "identity",
    "IdentityRefused": "errors",
    "IdentityToken": "credential",
    "JsonAnswer": "json_answer",
    "KeyRef": "reference",
    "KeptLogin": "kept_login",
    "Leased": "leased",
    "LoginPlace": "login_places",
    "LoginProvider": "login_provider",
    "NoIdentity": "errors",
    "OcibrokerError": "errors",
    "Options": "request",
    "PrivateKey": "ssh_key",
    "Provider": "hookspecs",
    "Providers": "hookspecs",
    "Request": "request",
    "Run": "fetch_request",
    "SSHKey": "ssh_key",
    "SSHKeySource": "hookspecs",
    "Secret": "secret",
    "SecretOptions": "secret_source",
    "SecretRef": "reference",
    "SecretSource": "secret_source",
    "SecretSources": "secret_source",
    "Strength": "claim",
    "TLSPolicy": "tls",
    "Target": "target",
    "TextRef": "reference",
    "TokenService": "token_service",
    "Trust": "trust",
    "TrustSource": "hookspecs",
    "Ttl": "secret_source",
    "VariableSource": "secret_source",
    "as_code": "errors",
    "as_secret": "secret_text",
    "audit_observers": "hookspecs",
    "chosen_program": "program",
    "end_of": "json_web_token",
    "find_program": "program",
    "hush": "quiet",
    "keyring_password": "authfile",
    "keyring_secret": "authfile",
    "login_places": "login_places",
    "pod_api_server": "pod",
    "providers": "hookspecs",
    "quietly": "quiet",
    "secret_field": "secret_field",
    "secret_sources": "secret_source",
    "secret_under": "secret_field",
    "text_under": "secret_field",
}

if not TYPE_CHECKING:  # visible to a checker, it would make every misspelling legal

    def __getattr__(name: str) -> object:
        return resolve(globals(), _HOME, name)
