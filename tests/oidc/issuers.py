"""Issuers of identity tokens, as their vendors document them."""

from __future__ import annotations

import json
from datetime import timedelta

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.oidc.world import BODY, LIFE, Refused, World

GITHUB = {
    "ACTIONS_ID_TOKEN_REQUEST_URL": "https://pipelines.actions.test/run/token?api-version=2.0",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-t0ken-of-the-job",
}
ACTIONS, JOB = "https://token.actions.githubusercontent.com", "repo:acme/app:ref:refs/heads/main"
CLUSTER_ISSUER, POD = "https://kubernetes.default.svc.cluster.local", "system:serviceaccount:apps:puller"
GOOGLE, MACHINE = "https://accounts.google.com", "103947584738294850293"
POD_TOKEN = "t0ken-of-the-pod"
CLUSTER = {"KUBERNETES_SERVICE_HOST": "kubernetes.test", "KUBERNETES_SERVICE_PORT": "443"}


def github(world: World, request: Request) -> CannedResponse:
    """https://docs.github.com/en/actions/reference/security/oidc"""
    if (request.method, request.path) != ("GET", "/run/token") or request.query["api-version"] != ("2.0",):
        raise Refused(404, {"message": BODY})
    if request.headers.get("authorization") != f"Bearer {GITHUB['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}":
        raise Refused(401, {"message": BODY})
    audience = request.parameter("audience") or "https://github.com/acme"
    token = world.identity(audience, subject=JOB, issuer=ACTIONS, life=300)
    return CannedResponse.of_json({"count": 1, "value": token})


def google(world: World, request: Request) -> CannedResponse:
    """https://cloud.google.com/compute/docs/instances/verifying-instance-identity"""
    flavor = {"Metadata-Flavor": "Google"}
    path = "/computeMetadata/v1/instance/service-accounts/default/identity"
    if request.headers.get("metadata-flavor") != "Google" or "x-forwarded-for" in request.headers:
        return CannedResponse(403, flavor, BODY.encode())
    if (request.method, request.path) != ("GET", path) or not (audience := request.parameter("audience")):
        return CannedResponse(404, flavor, BODY.encode())
    token = world.identity(audience, subject=MACHINE, issuer=GOOGLE)
    return CannedResponse(200, flavor, token.encode())


def kubernetes(world: World, request: Request) -> CannedResponse:
    """https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/"""
    if request.headers.get("authorization") != f"Bearer {POD_TOKEN}":
        raise Refused(401, {"kind": "Status", "message": BODY})
    if (request.method, request.path) != ("POST", "/api/v1/namespaces/apps/serviceaccounts/puller/token"):
        raise Refused(403, {"kind": "Status", "message": BODY})
    said = json.loads(request.body)
    if (said["apiVersion"], said["kind"]) != ("authentication.k8s.io/v1", "TokenRequest"):
        raise Refused(400, {"kind": "Status", "message": BODY})
    if (life := said["spec"].get("expirationSeconds", LIFE)) < 600:
        raise Refused(422, {"kind": "Status", "message": BODY})
    (audience,) = said["spec"].get("audiences", [""])
    ends = world.clock() + timedelta(seconds=life)
    token = world.identity(audience, subject=POD, issuer=CLUSTER_ISSUER, life=life)
    status = {"token": token, "expirationTimestamp": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}
    return CannedResponse.of_json({**said, "status": status}, status=201)
