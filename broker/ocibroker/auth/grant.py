"""The token exchange of the Distribution specification: requests built, answers read, nothing sent.

``spec/auth/token.md`` (GET) and ``spec/auth/oauth.md`` (OAuth2 POST).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

import httpx

from ocibroker.auth.header import basic_header
from ocibroker.auth.scope import Scope
from ocibroker.credential import Anonymous, Basic, Bearer, IdentityToken
from ocibroker.errors import IntegrityError, InvalidValue
from ocibroker.json_answer import JsonAnswer
from ocibroker.secret import Secret

CLIENT_ID: Final = "ocibroker"
LEAST_LIFE: Final = 60
"""Seconds. The specification's default, and the floor that clients put under shorter lives."""
MOST_LIFE: Final = 365 * 86_400
"""Seconds. A longer life is an error of the server's, not a token for ever."""

_HEADERS: Final = MappingProxyType(
    {"accept": "application/json", "accept-encoding": "identity", "user-agent": CLIENT_ID}
)


class _Answer(JsonAnswer):
    token: str = ""
    access_token: str = ""
    expires_in: int = LEAST_LIFE
    issued_at: datetime | None = None


def get_request(
    realm: httpx.URL, service: str, scopes: tuple[Scope, ...], credential: Basic | IdentityToken | Anonymous
) -> httpx.Request:
    """Return the GET for a token: a ``scope`` parameter for each scope, HTTP Basic where there is a credential."""
    query = httpx.QueryParams({"service": service} if service else None)
    for scope in scopes:
        query = query.add("scope", str(scope))
    headers = httpx.Headers(_HEADERS)
    if not isinstance(credential, Anonymous):
        headers["authorization"] = basic_header(credential.username, credential.secret)
    return httpx.Request("GET", realm.copy_merge_params(query), headers=headers)


def post_request(
    realm: httpx.URL, service: str, scopes: tuple[Scope, ...], credential: IdentityToken
) -> httpx.Request:
    """Return the POST of an OAuth2 ``refresh_token`` grant: one ``scope`` parameter, separated by spaces."""
    form = {
        "grant_type": "refresh_token",
        "service": service,
        "client_id": CLIENT_ID,
        "scope": " ".join(map(str, scopes)),
        "refresh_token": credential.secret.reveal(),
    }
    headers = {**_HEADERS, "content-type": "application/x-www-form-urlencoded"}
    return httpx.Request("POST", realm, headers=headers, content=urlencode(form).encode("ascii"))


def read_token(response: httpx.Response, now: datetime) -> Bearer:
    """Return the token of a successful answer; ``token`` and ``access_token`` mean the same.

    Its life is counted from here, by our own clock: the server's clock serves only to tell how old the answer
    already was. Raises :class:`~ocibroker.errors.IntegrityError`, which never quotes the answer.
    """
    answer = _decoded(response)
    if not 0 < answer.expires_in <= MOST_LIFE:
        raise IntegrityError("the token's life is absurd", culprit="expires_in")
    life = timedelta(seconds=max(LEAST_LIFE, answer.expires_in)) - _age(answer, response)
    try:
        return Bearer(
            secret=Secret(answer.token or answer.access_token),
            issued_at=now,
            expires_at=now + max(life, timedelta(seconds=LEAST_LIFE)),
        )
    except InvalidValue as error:
        failure = IntegrityError(f"the answer holds no usable token: {error.message}", culprit="token")
    raise failure


def _decoded(response: httpx.Response) -> _Answer:
    answer = _Answer.read(response.content)
    if answer is None:
        raise IntegrityError("the token endpoint's answer is not the JSON that the specification describes")
    return answer


def _age(answer: _Answer, response: httpx.Response) -> timedelta:
    issued = answer.issued_at
    if issued is None or issued.tzinfo is None:
        return timedelta()
    try:
        served = parsedate_to_datetime(response.headers.get("date", ""))
    except (ValueError, OverflowError):  # OverflowError: a year or a zone of twenty digits
        return timedelta()
    return max(timedelta(), served.replace(tzinfo=served.tzinfo or UTC) - issued)
