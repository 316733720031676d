"""What the sidecar and its callers say to each other: API v1, as data."""

from ocibroker.api.answer import CredentialAnswer, TLSData, TrustAnswer, credential_of
from ocibroker.api.limits import LARGEST, LONGEST_DEADLINE, LONGEST_TTL
from ocibroker.api.problem import Problem, error_of, problem_of
from ocibroker.api.question import CallerQuestion, CredentialQuestion, TrustQuestion, fingerprint

__all__ = [
    "LARGEST",
    "LONGEST_DEADLINE",
    "LONGEST_TTL",
    "CallerQuestion",
    "CredentialAnswer",
    "CredentialQuestion",
    "Problem",
    "TLSData",
    "TrustAnswer",
    "TrustQuestion",
    "credential_of",
    "error_of",
    "fingerprint",
    "problem_of",
]
