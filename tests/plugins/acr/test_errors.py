"""What Entra ID refuses becomes one line: its codes, the id of the request, what was tried, and what to do."""

from __future__ import annotations

import pytest

from ocibroker.errors import CredentialUnavailable, IntegrityError, RedirectRefused
from ocibroker.testing import CannedResponse
from tests.azure.emulator import Azure
from tests.azure.refusal import TRACE_ID, Refusal
from tests.plugins.acr.asking import ENTRA, failure, user
from tests.transport.brokers import Desk
from tests.transport.repeats import times

pytestmark = pytest.mark.acceptance(34)


@pytest.mark.parametrize(
    ("refusal", "said", "cure"),
    [
        (
            Refusal("invalid_client", 7000215, 401),
            "AADSTS7000215, invalid_client, status 401",
            "secret's value",
        ),
        (Refusal("invalid_client", 7000222, 401), "AADSTS7000222, invalid_client, status 401", "has expired"),
        (Refusal("unauthorized_client", 700016), "AADSTS700016, unauthorized_client, status 400", "client_id"),
        (Refusal("invalid_request", 90002), "AADSTS90002, invalid_request, status 400", "no such tenant"),
        (Refusal("access_denied", 53003), "AADSTS53003, access_denied, status 400", "administrator"),
        (Refusal("invalid_grant", 1), "AADSTS1, invalid_grant, status 400", "correct client_id"),
        (Refusal("s0mething", 2), "AADSTS2, status 400", "docs/acr.md"),
        (
            Refusal("temporarily_unavailable", 90033, 503),
            "AADSTS90033, temporarily_unavailable, status 503",
            "later",
        ),
        (Refusal("x", 90055, 429), "AADSTS90055, status 429", "later"),
    ],
)
def test_entra_id_refuses(refusal: Refusal, said: str, cure: str, azure: Azure, desk: Desk) -> None:
    azure.entra.refusals += [refusal] * times(refusal.status)
    error = failure(desk.broker(environ=user(azure, "alice"), route=azure.route))
    tried = "tried AZURE_CLIENT_SECRET of the environment"
    assert error.message == f"Entra ID refused: {said}, request id {TRACE_ID}; {tried}"
    assert (cure in error.hint, azure.asked) == (True, [ENTRA] * (1 + times(refusal.status)))


@pytest.mark.parametrize(
    "response",
    [
        CannedResponse(200, {}, b"c4n4ry"),
        CannedResponse.of_json({"access_token": "c4n4ry\n", "expires_in": 9, "token_type": "Bearer"}),
        CannedResponse(200, {"Content-Type": "application/json"}, b'{"token": "c4n4ry"}'),
        CannedResponse(200, {"Content-Type": "application/json"}, b'{"access_token": "a b", "expires_in": "x"}'),
        CannedResponse(502, {"Content-Type": "text/html"}, b"<html>c4n4ry</html>"),
    ],
)
def test_what_is_no_answer_is_an_error(response: CannedResponse, azure: Azure, desk: Desk) -> None:
    azure.entra.refusals += [response] * times(response.status)
    error = failure(desk.broker(environ=user(azure, "alice"), route=azure.route))
    assert isinstance(error, CredentialUnavailable)
    assert ("c4n4ry" in str(error), azure.asked) == (False, [ENTRA] * (1 + times(response.status)))


def test_a_redirect_is_not_followed(azure: Azure, desk: Desk) -> None:
    azure.entra.refusals.append(CannedResponse(307, {"Location": "https://evil.example/"}))
    error = failure(desk.broker(environ=user(azure, "alice"), route=azure.route))
    assert (isinstance(error, RedirectRefused), azure.asked) == (True, [ENTRA, ENTRA])


def test_an_answer_without_end_is_cut(azure: Azure, desk: Desk) -> None:
    azure.entra.refusals.append(CannedResponse(200, {}, b" " * (2 * 1024 * 1024)))
    error = failure(desk.broker(environ=user(azure, "alice"), route=azure.route))
    assert isinstance(error, IntegrityError)
