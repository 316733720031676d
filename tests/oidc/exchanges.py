"""Services that exchange identity tokens, as their vendors document them: each takes that and nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.google.form import form_of
from tests.google.refusal import Refusal
from tests.oidc.world import BODY, LIFE, Refused, World

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
TYPE = "urn:ietf:params:oauth:token-type"
CLIENT = ("broker", "s3cret/of+the client")
JSON = "application/json"


def rfc8693(world: World, request: Request) -> CannedResponse:
    """https://datatracker.ietf.org/doc/html/rfc8693#section-2.1, errors by section 2.2.2"""
    form = _form(request, "/oauth/token")
    if request.headers.get("authorization") != "Basic YnJva2VyOnMzY3JldCUyRm9mJTJCdGhlK2NsaWVudA==":
        raise Refused(401, {"error": "invalid_client", "error_description": BODY})
    if form.pop("grant_type", "") != GRANT:
        raise Refused(400, {"error": "unsupported_grant_type"})
    if form.pop("audience", "") != "registry":
        raise Refused(400, {"error": "invalid_target", "error_description": BODY})
    if form.pop("subject_token_type", "") != f"{TYPE}:jwt" or form.pop("subject_token", "") not in world.subjects:
        raise Refused(400, {"error": "invalid_request", "error_description": BODY})
    if form:
        raise Refused(400, {"error": "invalid_request", "error_description": BODY})
    said = {"access_token": world.opaque(), "issued_token_type": f"{TYPE}:access_token", "token_type": "Bearer"}
    return CannedResponse.of_json({**said, "expires_in": LIFE}, headers={"Cache-Control": "no-store"})


def quay(world: World, request: Request) -> CannedResponse:
    """https://docs.projectquay.io/manage_quay.html#exchanging-oauth2-robot-account-token"""
    _only(request, "GET", "/oauth2/federation/robot/token")
    scheme, _, pair = request.headers.get("authorization", "").partition(" ")
    robot, _, subject = base64.b64decode(pair).decode().partition(":")
    if scheme != "Basic" or robot != "team+ci" or subject not in world.subjects:
        raise Refused(401, {"error": BODY})
    return CannedResponse.of_json({"token": world.json_web_token()})


def dockerhub(world: World, request: Request) -> CannedResponse:
    """https://github.com/docker/login-action/blob/master/src/dockerhub.ts"""
    form = _form(request, "/oauth/token")
    life = form.pop("expires_in", "")
    subject = form.pop("subject_token", "")
    expected = {"grant_type": GRANT, "subject_token_type": f"{TYPE}:id_token", "connection_id": "0198-connection"}
    if form != expected or not 300 <= int(life) <= 3600:
        raise Refused(400, {"message": BODY})
    if world.subjects.get(subject) != "https://identity.docker.com":
        raise Refused(401, {"message": BODY})
    return CannedResponse.of_json({"access_token": world.opaque()})


def artifactory(world: World, request: Request) -> CannedResponse:
    """https://jfrog.com/help/r/artifactory-under-the-hood-debugging-the-oidc-token-exchange-flow"""
    said = _object(request, "/access/api/v1/oidc/token")
    subject = said.pop("subject_token", "")
    if said != {"grant_type": GRANT, "subject_token_type": f"{TYPE}:id_token", "provider_name": "github"}:
        raise Refused(400, {"errors": [{"code": "BAD_REQUEST", "message": BODY}]})
    if subject not in world.subjects:
        raise Refused(401, {"errors": [{"code": "UNAUTHORIZED", "message": BODY}]})
    answer = {"access_token": world.json_web_token(), "issued_token_type": f"{TYPE}:access_token"}
    return CannedResponse.of_json({**answer, "token_type": "Bearer", "username": "ci", "expires_in": 600})


def chainguard(world: World, request: Request) -> CannedResponse:
    """https://edu.chainguard.dev/chainguard/administration/assumable-ids/assumable-ids/"""
    _only(request, "GET", "/sts/exchange")
    if request.query != {"aud": ("cgr.dev",), "identity": ("acme/ci identity",)}:
        raise Refused(400, {"code": 3, "message": BODY})
    scheme, _, subject = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or world.subjects.get(subject) != "https://issuer.enforce.dev":
        raise Refused(401, {"code": 16, "message": BODY})
    return CannedResponse.of_json({"token": world.json_web_token()})


def cloudsmith(world: World, request: Request) -> CannedResponse:
    """https://docs.cloudsmith.com/api/openid/create"""
    said = _object(request, "/openid/acme/")
    subject = said.pop("oidc_token", "")
    if said != {"service_slug": "ci"}:
        raise Refused(422, {"detail": BODY})
    if subject not in world.subjects:
        raise Refused(401, {"detail": BODY})
    return CannedResponse.of_json({"token": world.json_web_token()}, status=201)


def _only(request: Request, method: str, path: str) -> None:
    if (request.method, request.path) != (method, path):
        raise Refused(404, {"error": BODY})


def _form(request: Request, path: str) -> dict[str, str]:
    _only(request, "POST", path)
    try:
        return form_of(request, path)
    except Refusal:
        raise Refused(400, {"error": "invalid_request"}) from None


def _object(request: Request, path: str) -> dict[str, str]:
    _only(request, "POST", path)
    if request.headers.get("content-type") != JSON:
        raise Refused(415, {"detail": BODY})
    said: Mapping[str, str] = json.loads(request.body)
    return dict(said)
