"""moto's server, over TLS, in a process of its own: STS, IAM and Secrets Manager that nobody here has written.

http://docs.getmoto.org/en/latest/docs/server_mode.html
"""

from __future__ import annotations

import html
import json
import re
import ssl
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from ocibroker.testing import Authority
from tests.aws.iam import Key
from tests.e2e import requirement, server_process

ACCOUNT = "123456789012"
LIBRARIES = Path(sys.prefix) / "moto"
_LISTENING = r"Running on https://127\.0\.0\.1:(\d+)"
# moto looks for the service here; it verifies nothing unless it is strict.
_UNSIGNED = "AWS4-HMAC-SHA256 Credential=tests/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0"


@dataclass(frozen=True)
class Moto:
    """A running server; ``http`` asks it for what AWS would not tell."""

    port: int
    http: httpx.Client

    def user(self, name: str) -> Key:
        """Make a user who may assume every role that trusts them."""
        self._iam("CreateUser", UserName=name)
        self._iam("PutUserPolicy", UserName=name, PolicyName="p", PolicyDocument=_policy(Resource="*"))
        made = self._iam("CreateAccessKey", UserName=name)
        return Key(_field(made, "AccessKeyId"), _field(made, "SecretAccessKey"), f"user/{name}")

    def role(self, name: str, trusted: str, *, external_id: str = "") -> str:
        """Make a role that trusts that ARN and may assume every role that trusts it, and return its own."""
        wanted = {"Condition": {"StringEquals": {"sts:ExternalId": external_id}}} if external_id else {}
        trust = _policy(Principal={"AWS": trusted}, **wanted)
        made = self._iam("CreateRole", RoleName=name, AssumeRolePolicyDocument=trust)
        self._iam("PutRolePolicy", RoleName=name, PolicyName="p", PolicyDocument=_policy(Resource="*"))
        return _field(made, "Arn")

    def secret(self, name: str, text: str) -> str:
        """Keep a secret in Secrets Manager of eu-west-1, and return its ARN."""
        scope = _UNSIGNED.replace("us-east-1/iam", "eu-west-1/secretsmanager")
        headers = {"Authorization": scope, "X-Amz-Target": "secretsmanager.CreateSecret"}
        said = {"Name": name, "SecretString": text, "ClientRequestToken": f"{name:0<32}"}
        found = self.http.post("/", json=said, headers=headers).raise_for_status().json()
        return str(found["ARN"])

    @contextmanager
    def strict(self) -> Iterator[None]:
        """Have it verify signatures and policies; then it cannot answer what is not signed."""
        self._verify_after("0")
        try:
            yield
        finally:
            self._verify_after("inf")

    @property
    def sessions(self) -> list[Key]:
        """The temporary keys that STS has issued; the principal is the role."""
        found = self.http.get("/moto-api/data.json").json()["sts"]["AssumedRole"]
        names = ("access_key_id", "secret_access_key", "role_arn", "session_token")
        return [Key(*(one[name] for name in names)) for one in found]

    def key(self, ident: str) -> Key | None:
        """Return the temporary key of that id."""
        return next((one for one in self.sessions if one.ident == ident), None)

    def forget(self) -> None:
        """Forget all users, roles and keys."""
        self.http.post("/moto-api/reset").raise_for_status()

    def _verify_after(self, requests: str) -> None:
        self.http.post("/moto-api/reset-auth", content=requests).raise_for_status()

    def _iam(self, action: str, **form: str) -> str:
        said = {"Action": action, "Version": "2010-05-08", **form}
        return self.http.post("/", data=said, headers={"Authorization": _UNSIGNED}).raise_for_status().text


@contextmanager
def serving(authority: Authority, folder: Path, *names: str) -> Iterator[Moto]:
    """Serve from ``folder`` until the block ends, with a certificate for ``names`` and localhost."""
    certificate, key = authority.issue("localhost", *names).write(folder)
    libraries = requirement.folder(LIBRARIES, "make test")
    argv = [sys.executable, "-S", "-m", "moto.server", "-p", "0", "-c", str(certificate), "-k", str(key)]
    environ = {"PYTHONPATH": str(libraries), "HOME": str(folder)}
    trust = ssl.create_default_context(cadata=authority.pem)
    with (
        server_process.serving(argv, folder / "moto.log", _LISTENING, environ) as port,
        httpx.Client(base_url=f"https://localhost:{port}", verify=trust, trust_env=False) as http,
    ):
        yield Moto(port, http)


def _field(answer: str, name: str) -> str:
    found = re.search(f"<{name}>(.*?)</{name}>", answer)
    assert found is not None
    return html.unescape(found[1])


def _policy(**said: object) -> str:
    statement: Mapping[str, object] = {"Effect": "Allow", "Action": "sts:AssumeRole", **said}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})
