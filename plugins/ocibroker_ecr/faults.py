"""What AWS and its SDK say when they fail, and what to do about it."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from ocibroker.provider import CredentialUnavailable, HttpAnswer

SOURCES: Final = MappingProxyType(
    {
        "env": "keys in the environment",
        "assume-role": "the role of profile {profile}",
        "assume-role-with-web-identity": "the web identity",
        "sso": "SSO of profile {profile}",
        "shared-credentials-file": "profile {profile} in the credentials file",
        "custom-process": "credential_process of profile {profile}",
        "config-file": "profile {profile} in the config file",
        "container-role": "the container's credentials",
        "iam-role": "the instance's metadata",
    }
)
"""botocore's name for each place that it looks into, and ours."""

_SIGN: Final = "check the secret key, and this machine's clock"

_KEY: Final = "check the access key, and that it is of the registry's partition"

_RENEW: Final = "log in again, by `aws sso login`, or renew the keys"

_SLOWER: Final = "try again later; one broker for all callers asks least"

_TRUST: Final = "check the role's trust policy: its issuer, audience and subject"

LATER: Final = "try again later"

CODES: Final = MappingProxyType(
    {
        "AccessDenied": "allow sts:AssumeRole to the identity, and trust it in the role's trust policy",
        "AccessDeniedException": "allow the action in its IAM policy; docs/ecr.md has the smallest one",
        "DecryptionFailure": "let the identity decrypt by the secret's KMS key",
        "ExpiredToken": _RENEW,
        "ExpiredTokenException": _RENEW,
        "IDPCommunicationError": LATER,
        "IDPRejectedClaim": _TRUST,
        "IncompleteSignature": _SIGN,
        "InvalidClientTokenId": _KEY,
        "InvalidIdentityToken": _TRUST,
        "InvalidSignatureException": _SIGN,
        "RegionDisabledException": "activate STS for the region, in the account settings of IAM",
        "RequestExpired": _SIGN,
        "ResourceNotFoundException": "correct secret_id and region, or put a value there",
        "SignatureDoesNotMatch": _SIGN,
        "Throttling": _SLOWER,
        "ThrottlingException": _SLOWER,
        "TooManyRequestsException": _SLOWER,
        "UnrecognizedClientException": _KEY,
    }
)
"""What to do about the error codes of ECR, STS and Secrets Manager."""

REVOKED: Final = frozenset(
    {"AccessDenied", "AccessDeniedException", "InvalidClientTokenId", "UnrecognizedClientException"}
)
"""What AWS says of an identity that may not, or is no more. That a session has ended says nothing of its tokens."""

OF_TIME: Final = frozenset({"InvalidSignatureException", "RequestExpired", "SignatureDoesNotMatch"})

_LOGIN: Final = ("the SSO session has ended or never began", "run `aws sso login` for the profile")

FAULTS: Final = MappingProxyType(
    {
        "ConfigParseError": (
            "the shared config file cannot be read",
            "correct it; `aws configure list` shows where",
        ),
        "InfiniteLoopConfigError": ("the profiles name each other in a circle", "correct source_profile"),
        "InvalidConfigError": (
            "the profile is not complete or names another that is missing",
            "correct the profile",
        ),
        "ParamValidationError": (
            "AWS takes no such role or name",
            "correct role_arn, external_id and session_name in the rule's options",
        ),
        "PartialCredentialsError": ("one half of a key is missing", "set the key's id and the secret key, both"),
        "RuntimeError": ("the keys that were found have expired", "renew them, or set this machine's clock"),
        "ProfileNotFound": ("there is no such profile", "correct AWS_PROFILE, or profile in the rule's options"),
        "SSOTokenLoadError": _LOGIN,
        "TokenRetrievalError": _LOGIN,
        "UnauthorizedSSOTokenError": _LOGIN,
    }
)
"""What is wrong where botocore raises these, and what to do about it."""


def unwell(who: str, answer: HttpAnswer) -> CredentialUnavailable:
    """Return the error for a service on the machine's own link that gives nothing."""
    hint = answer.or_later("check what the workload may have")
    return CredentialUnavailable(f"{who} answered with status {answer.status}", hint=hint)
