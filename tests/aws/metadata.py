"""What a workload finds on its link: the instance's metadata (IMDSv2), and the credentials of ECS and EKS.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
"""

from __future__ import annotations

from dataclasses import dataclass

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.aws.iam import Iam, Key

ROLES = "/latest/meta-data/iam/security-credentials/"
TOKEN = "imds-session-token"
ECS = "/v2/credentials/task"
EKS = "/v1/credentials"


@dataclass
class Metadata:
    """``principal`` is the role of the instance, the task or the pod; empty for none."""

    iam: Iam
    principal: str = ""
    status: int = 200
    authorization: str = "the-pods-token"

    def answer(self, request: Request) -> CannedResponse:
        host = request.headers.get("host", "")
        if self.status != 200:
            return CannedResponse(self.status, {}, b"c4n4ry-of-the-body")
        if host == "169.254.169.254":
            return self._instance(request)
        wanted = {"169.254.170.2": (ECS, ""), "169.254.170.23": (EKS, self.authorization)}[host]
        if (request.path, request.headers.get("authorization", "")) != wanted:
            return CannedResponse(401)
        return self._key()

    def _instance(self, request: Request) -> CannedResponse:
        if (request.method, request.path) == ("PUT", "/latest/api/token"):
            sent = request.headers.get("x-aws-ec2-metadata-token-ttl-seconds")
            return CannedResponse(200 if sent else 400, {}, TOKEN.encode())
        if request.headers.get("x-aws-ec2-metadata-token") != TOKEN:
            return CannedResponse(401)
        if request.path == ROLES and self.principal:
            return CannedResponse(200, {"Content-Type": "text/plain"}, b"the-role")
        return self._key() if request.path == f"{ROLES}the-role" else CannedResponse(404)

    def _key(self) -> CannedResponse:
        key: Key = self.iam.session(self.principal)
        assert key.expires is not None
        return CannedResponse.of_json(
            {
                "AccessKeyId": key.ident,
                "SecretAccessKey": key.secret,
                "Token": key.token,
                "Expiration": f"{key.expires:%Y-%m-%dT%H:%M:%SZ}",
            }
        )
