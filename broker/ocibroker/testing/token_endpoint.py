"""The token endpoint (Distribution specification, ``token.md`` for GET and ``oauth.md`` for POST)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from ocibroker.testing.accounts import Accounts
from ocibroker.testing.distribution_error import DistributionError
from ocibroker.testing.request import Request
from ocibroker.testing.response import CannedResponse
from ocibroker.testing.scope import Scope
from ocibroker.testing.tokens import Tokens


@dataclass(frozen=True)
class TokenEndpoint:
    """Issues bearer tokens for the scopes that are asked for; ``post_grant`` is whether POST is understood."""

    accounts: Accounts
    tokens: Tokens
    post_grant: bool = True

    def answer(self, request: Request) -> CannedResponse:
        """Answer one request for a token; a refusal is a response as well."""
        answers = {"GET": self._get} | ({"POST": self._post} if self.post_grant else {})
        try:
            return answers.get(request.method, _unsupported)(request)
        except DistributionError as error:
            return error.response()
        except ValueError as error:
            return _oauth_error("invalid_scope", str(error))

    def _get(self, request: Request) -> CannedResponse:
        authorization = request.headers.get("Authorization")
        user = self.accounts.by_authorization(authorization) if authorization else None
        if user is None and (authorization or not self.accounts.public):
            challenge = {"WWW-Authenticate": 'Basic realm="token"'}
            raise DistributionError("UNAUTHORIZED", "the token endpoint needs a valid user", challenge)
        # An identity token is good for POST alone: where that is not understood, clients would be stuck with it.
        offline = self.post_grant and request.parameter("offline_token") == "true"
        return self._token(_scopes(request.query.get("scope", ())), user if offline else None)

    def _post(self, request: Request) -> CannedResponse:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if "client_id" not in form:
            return _oauth_error("invalid_request", "client_id is required")
        if form.get("grant_type") not in {"password", "refresh_token"}:
            return _oauth_error("unsupported_grant_type", "use password or refresh_token")
        user = self._granted(form)
        if user is None:
            return _oauth_error("invalid_grant", "the credential is not valid")
        return self._token(_scopes([form.get("scope", "")]), user if _offline(form) else None)

    def _granted(self, form: Mapping[str, str]) -> str | None:
        if form["grant_type"] == "refresh_token":
            return self.accounts.by_refresh_token(form.get("refresh_token", ""))
        return self.accounts.by_password(form.get("username", ""), form.get("password", ""))

    def _token(self, scopes: Iterable[Scope], offline_user: str | None) -> CannedResponse:
        body = self.tokens.issue(scopes).as_json()
        if offline_user is not None:
            body["refresh_token"] = self.accounts.add_refresh_token(offline_user)
        return CannedResponse.of_json(body, headers={"Cache-Control": "no-store"})


def _unsupported(request: Request) -> CannedResponse:
    raise DistributionError("UNSUPPORTED", f"{request.method} is not supported here")


def _offline(form: Mapping[str, str]) -> bool:
    return form["grant_type"] == "password" and form.get("access_type") == "offline"


def _scopes(texts: Iterable[str]) -> tuple[Scope, ...]:
    # GET repeats the parameter, POST joins by spaces, and clients exist that join in GET too.
    return tuple(Scope.parse(part) for text in texts for part in text.split())


def _oauth_error(code: str, message: str) -> CannedResponse:
    """Return an error as OAuth2 has it (RFC 6749, 5.2)."""
    return CannedResponse.of_json({"error": code, "error_description": message}, status=400)
