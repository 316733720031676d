"""One fetch: an identity is found, and ECR is asked for a token."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

from ocibroker.provider import (
    Anonymous,
    Basic,
    CredentialUnavailable,
    FetchRequest,
    OcibrokerError,
    Secret,
    as_code,
    quietly,
)
from ocibroker_ecr.faults import CODES, FAULTS, LATER, OF_TIME, SOURCES
from ocibroker_ecr.options import EcrOptions
from ocibroker_ecr.principal import ROLE_ANNOTATIONS, profile_of, roles_of
from ocibroker_ecr.registry import APIS, Registry
from ocibroker_ecr.sdk import PACKAGE, Sdk, keys_of
from ocibroker_ecr.wire import Answer

T = TypeVar("T")

_USER: Final = "AWS"
"""The user of every token."""

_LIFE: Final = timedelta(hours=12)
"""A token lives no longer, whatever an answer says."""

_SKEW: Final = timedelta(minutes=5)
"""AWS refuses a signature whose time is further off."""


def token_for(registry: Registry, request: FetchRequest[EcrOptions]) -> Basic | Anonymous:
    """Find an identity and ask ECR for a token; nothing of it is logged.

    Raises :class:`~ocibroker.errors.CredentialUnavailable`, and what a connection raises.
    """
    return quietly(lambda: _Asking(Sdk(request, registry), request, registry).answer(), PACKAGE)


class _Asking:
    """One fetch, step by step; ``tried`` is what an error tells of the way."""

    def __init__(self, sdk: Sdk, request: FetchRequest[EcrOptions], registry: Registry) -> None:
        self._sdk = sdk
        self._request = request
        self._registry = registry
        self._tried: list[str] = []

    def answer(self) -> Basic | Anonymous:
        """Return the token."""
        keys = self._careful("finding an identity", self._identify)
        if keys is None and self._registry.public:
            return Anonymous(f"ECR Public serves everybody, and no AWS identity was found; tried {self._path}")
        if keys is None:
            hint = "set AWS_PROFILE, run `aws sso login`, or set profile or role_arn in a rule; see docs/ecr.md"
            raise CredentialUnavailable(f"no AWS identity was found; tried {self._path}", hint=hint)
        return self._token(self._careful("GetAuthorizationToken", lambda: self._ask(keys)))

    @property
    def _path(self) -> str:
        return ", ".join(self._tried) or "nothing yet"

    def _careful(self, step: str, work: Callable[[], T]) -> T:
        """Return what ``work`` does; whatever the SDK raises becomes one line, without what AWS has written."""
        try:
            return work()
        except OcibrokerError as error:
            failure = error.restated()
        except Exception as error:  # noqa: BLE001  # an SDK may raise anything
            failure = self._sdk.failure or self._said(step, error)
        raise failure

    def _said(self, step: str, error: Exception) -> OcibrokerError:
        """Return our error for one of botocore's."""
        response = getattr(error, "response", None)
        if not isinstance(response, dict):
            other = f"the SDK raised {type(error).__name__}", "see docs/ecr.md"
            why, hint = FAULTS.get(type(error).__name__, other)
            return CredentialUnavailable(f"{step} failed: {why}; tried {self._path}", hint=hint)
        told, operation = response.get("ResponseMetadata", {}), getattr(error, "operation_name", step)
        return self._refused(
            operation,
            response.get("Error", {}).get("Code", ""),
            told.get("HTTPStatusCode", 0),
            told.get("RequestId", ""),
            told.get("HTTPHeaders", {}).get("date", ""),
        )

    def _refused(self, operation: str, code: str, status: int, ident: str, date: str) -> OcibrokerError:
        """Return the error for an answer of AWS's; of what it says only codes and ids are shown."""
        named = f"{code}, status {status}" if as_code(code) else f"status {status}"
        hint = CODES.get(code, LATER if status == 429 or status >= 500 else "see docs/ecr.md")
        if code in OF_TIME and (off := _skew(date, self._request.clock.now())):
            hint = f"set this machine's clock, which is {off} seconds off"
        known = f", request id {ident}" if as_code(ident) else ""
        return CredentialUnavailable(f"{operation} was refused: {named}{known}; tried {self._path}", hint=hint)

    def _identify(self) -> Any:  # noqa: ANN401  # botocore has no types
        """Return the keys to sign with, or none where no identity is found."""
        roles = roles_of(self._request)
        if (token := self._brought()) is not None:
            if not roles:
                hint = f"set role_arn in the rule, or annotate the service account with {ROLE_ANNOTATIONS[0]}"
                raise CredentialUnavailable("no role is named for the token that was brought", hint=hint)
            return self._assume(roles[1:], self._exchange(roles[0], token))
        keys = self._search()
        return None if keys is None else self._assume(roles, keys)

    def _brought(self) -> Secret | None:
        """Return the web identity token that the caller or the rule brings."""
        caller, kept = self._request.caller, self._request.options.web_identity_token
        if caller is not None and caller.token is not None:
            self._tried.append("the caller's token")
            return caller.token
        if kept is None:
            return None
        self._tried.append(f"the token of {kept}")
        return self._request.secret(kept)

    def _search(self) -> Any:  # noqa: ANN401  # botocore has no types
        """Return the keys of the first place that has any."""
        for place in self._sdk.chain():
            self._tried.append(SOURCES[place.METHOD].format(profile=profile_of(self._request)))
            if (found := place.load()) is not None:
                del self._tried[:-1]
                return found.get_frozen_credentials()
        return None

    def _exchange(self, role: str, token: Secret) -> Any:  # noqa: ANN401  # botocore has no types
        """Return the keys of ``role`` for a web identity token."""
        from botocore import UNSIGNED
        from botocore.config import Config

        self._tried.append(f"role {role}")
        sts = self._sdk.sts("sts", Config(signature_version=UNSIGNED))
        name = self._request.options.session_name
        return keys_of(
            sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName=name, WebIdentityToken=token.reveal())
        )

    def _assume(self, roles: Sequence[str], keys: Any) -> Any:  # noqa: ANN401  # botocore has no types
        """Return the keys of the last of ``roles``, each assumed with those of the one before."""
        options = self._request.options
        for role in roles:
            self._tried.append(f"role {role}")
            more = {"ExternalId": options.external_id} if options.external_id and role is roles[-1] else {}
            sts = self._sdk.sts(
                "sts",
                aws_access_key_id=keys.access_key,
                aws_secret_access_key=keys.secret_key,
                aws_session_token=keys.token,
            )
            keys = keys_of(sts.assume_role(RoleArn=role, RoleSessionName=options.session_name, **more))
        return keys

    def _ask(self, keys: Any) -> Answer:  # noqa: ANN401  # botocore has no types
        """Return ECR's answer to one signed request.

        Not by a client of botocore's: to read the whole service's model takes as long as all the rest.
        """
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        url, body = self._sdk.endpoint(), b"{}"
        if not url.startswith("https://"):
            raise CredentialUnavailable("endpoint_url is no https:// URL", hint="correct it in the rule's options")
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": APIS[self._registry.service][1]}
        signed = AWSRequest("POST", url, data=body, headers=headers)
        SigV4Auth(keys, self._registry.service, self._registry.region).add_auth(signed)
        return self._sdk.wire.exchange("POST", url, [*signed.headers.items()], body)

    def _token(self, answer: Answer) -> Basic:
        """Return the token in ECR's answer."""
        if answer.status != 200:
            ident, date = answer.headers.get("x-amzn-requestid", ""), answer.headers.get("date", "")
            raise self._refused("GetAuthorizationToken", answer.code, answer.status, ident, date)
        data = answer.decoded().get("authorizationData")
        # Private: a list with one for each registry that was asked for. Public: that one itself.
        one = data[0] if isinstance(data, list) and data else data
        password = _password(one.get("authorizationToken")) if isinstance(one, dict) else None
        expires = _moment(one.get("expiresAt")) if isinstance(one, dict) else None
        if password is None or expires is None:
            raise CredentialUnavailable("GetAuthorizationToken was answered without a token", hint=LATER)
        now = self._request.clock.now()
        if expires <= now:
            hint = "set this machine's clock"
            raise CredentialUnavailable("the token has expired by this machine's clock", hint=hint)
        return Basic(username=_USER, secret=password, issued_at=now, expires_at=min(expires, now + _LIFE))


def _password(token: object) -> Secret | None:
    """Return the password of a token, which is ``AWS:password`` in Base64."""
    if not isinstance(token, str):
        return None
    try:
        user, _, password = base64.b64decode(token, validate=True).decode("ascii").partition(":")
        return Secret(password) if user == _USER else None
    except (binascii.Error, ValueError, OcibrokerError):
        return None


def _moment(seconds: object) -> datetime | None:
    """Return the moment that ``seconds`` since the epoch are, in UTC."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _skew(date: str, now: datetime) -> int:
    """Return by how many seconds ``now`` is off an answer's ``Date``, or 0 where AWS would not mind."""
    try:
        off = now - parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return 0
    return round(off.total_seconds()) if abs(off) > _SKEW else 0
