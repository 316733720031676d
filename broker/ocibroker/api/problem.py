"""What went wrong, as RFC 9457 has it: a stable code for each error of the tree, there and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from types import MappingProxyType
from typing import Final

import msgspec

from ocibroker import errors
from ocibroker.errors import OcibrokerError

STATUS: Final[Mapping[type[OcibrokerError], int]] = MappingProxyType(
    {
        errors.OcibrokerError: 500,
        errors.UsageError: 400,
        errors.InvalidTarget: 400,
        errors.InvalidValue: 400,
        errors.TransportRefused: 500,
        errors.CannotCarry: 422,
        errors.TargetNotAllowed: 403,
        errors.ConfigurationError: 500,
        errors.TLSConfigurationError: 500,
        errors.NoProvider: 404,
        errors.CredentialUnavailable: 502,
        errors.NoIdentity: 502,
        errors.IdentityRefused: 502,
        errors.ContractViolation: 502,
        errors.ProviderUnavailable: 502,
        errors.RegistryRefused: 502,
        errors.NotFound: 502,
        errors.CredentialWithheld: 502,
        errors.ConnectionFailed: 502,
        errors.TLSFailed: 502,
        errors.WrongScheme: 502,
        errors.DeadlineExceeded: 504,
        errors.PairingViolation: 502,
        errors.OriginRefused: 502,
        errors.RedirectRefused: 502,
        errors.RealmRefused: 502,
        errors.IntegrityError: 502,
        errors.WriteFailed: 500,
    }
)
"""The HTTP status of each error; 503 takes the place of 502 where it is known when to come back."""

_WORD: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``code`` is stable; the texts are for people. ``retry_after`` is in seconds. No secret is in it."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    culprit: str = ""
    hint: str = ""
    retry_after: float | None = None

    @classmethod
    def of(cls, status: int, code: str, detail: str, *, culprit: str = "", hint: str = "") -> Problem:
        """Return the problem with that code."""
        title = HTTPStatus(status).phrase
        return cls(
            type=f"urn:ocibroker:{code}",
            title=title,
            status=status,
            code=code,
            detail=detail,
            culprit=culprit,
            hint=hint,
        )


def code_of(kind: type[OcibrokerError]) -> str:
    """Return the stable code of a class of errors: ``TLSFailed`` is ``tls_failed``."""
    return "internal_error" if kind is OcibrokerError else _WORD.sub("_", kind.__name__).lower()


_KINDS: Final[Mapping[str, type[OcibrokerError]]] = MappingProxyType({code_of(kind): kind for kind in STATUS})


def problem_of(error: OcibrokerError) -> Problem:
    """Return what is told of ``error``; a class that somebody has derived is told as the one of ours."""
    kind = next(one for one in type(error).__mro__ if one in STATUS)
    status, pause = STATUS[kind], error.retry_after
    known = status == HTTPStatus.BAD_GATEWAY and pause is not None
    made = Problem.of(
        HTTPStatus.SERVICE_UNAVAILABLE if known else status,
        code_of(kind),
        error.message,
        culprit=error.culprit,
        hint=error.hint,
    )
    return made if pause is None else msgspec.structs.replace(made, retry_after=float(ceil(max(0.0, pause))))


def error_of(problem: Problem) -> OcibrokerError:
    """Return the error that ``problem`` tells of; of one that is the sidecar's own, that it would not answer."""
    kind = _KINDS.get(problem.code, errors.ConnectionFailed)
    return kind(problem.detail, culprit=problem.culprit, hint=problem.hint, retry_after=problem.retry_after)
