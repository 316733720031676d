"""What hvac takes for a session of requests: the broker's client."""

from __future__ import annotations

import json as json_text
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from ocibroker.provider import CredentialUnavailable, FetchRequest, HttpAnswer, IdentityRefused, OcibrokerError
from ocibroker_vault.options import VaultPlace

_LOGIN: Final = "check what it logs in with: it may have expired or been revoked, or be for another role or mount"


@dataclass(frozen=True, slots=True)
class Answer:
    """As much of a response of requests as hvac looks at, of an answer that is no error."""

    status_code: int
    body: bytes
    ok: bool = True

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def json(self) -> Any:  # noqa: ANN401  # whatever stands in it
        """Return the JSON value that it is; raises :class:`ValueError`."""
        return json_text.loads(self.body)


class Session:
    """Sends what hvac wants to send. Each answer but 200 is an error of ours before hvac could put it into one.

    ``verify``, ``cert`` and ``proxies`` are what hvac asks of a session: the broker decides these.
    """

    verify = cert = proxies = None

    def __init__(self, request: FetchRequest[VaultPlace]) -> None:
        self._request = request

    def request(
        self,
        *,
        method: str,
        url: str,
        headers: Mapping[str, str],
        json: object = None,
        params: Mapping[str, str] | None = None,
        **_: object,
    ) -> Answer:
        """Return the answer to one request.

        Raises :class:`~ocibroker.errors.CredentialUnavailable`, and what a connection raises.
        """
        request, place = self._request, self._request.options
        answer = HttpAnswer.to(request.http, method.upper(), url, headers=headers, json=json, params=params)
        if answer.status != 200:
            raise _refused(answer, place, login=_is_login(url, place))
        return Answer(answer.status, answer.body)


def _is_login(url: str, place: VaultPlace) -> bool:
    return urlsplit(url).path.startswith(f"{urlsplit(place.url).path.rstrip('/')}/v1/auth/")


def _refused(answer: HttpAnswer, place: VaultPlace, *, login: bool) -> OcibrokerError:
    """Return the error for an answer; of what the server writes nothing is shown.

    https://developer.hashicorp.com/vault/api-docs#http-status-codes
    """
    status = answer.status
    what = f"the login by {place.auth}" if login else "the request for the secret"
    why = f"Vault refused {what}: status {status}"
    if login and status in {400, 401, 403, 404}:
        return CredentialUnavailable(why, hint=_LOGIN)
    if status == 403:
        hint = f"let a policy of the identity read {_policy_path(place)}, or renew its token"
        return IdentityRefused(why, hint=hint)
    if status == 404:
        hint = f"correct path, mount or kv = {place.kv}; or put a secret there, if it was deleted"
        return IdentityRefused(why, hint=hint)
    if status in {301, 302, 307, 308}:
        hint = "name the active server in url, or let the standby forward requests"
        return CredentialUnavailable(f"{why}, which leads elsewhere", hint=hint)
    if status == 503:
        return CredentialUnavailable(f"{why}: it is sealed or in maintenance", hint="unseal it, or try again later")
    return CredentialUnavailable(why, hint=answer.or_later("see docs/secrets.md"))


def _policy_path(place: VaultPlace) -> str:
    return f"{place.mount}/data/{place.path}" if place.kv == 2 else f"{place.mount}/{place.path}"
