"""moto's server, over TLS, in a process of its own: an STS and an IAM that nobody here has written.

http://docs.getmoto.org/en/latest/docs/server_mode.html
"""

from __future__ import annotations

import json
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from ocibroker.testing import Authority
from tests.aws.iam import Key
from tests.e2e import requirement

ACCOUNT = "123456789012"
LIBRARIES = Path(sys.prefix) / "moto"


@dataclass(frozen=True)
class Moto:
    """A running server; ``http`` asks it for what AWS would not tell."""

    port: int
    http: httpx.Client
    ca: Path

    def user(self, name: str, *roles: str) -> Key:
        """Make a user who may assume those roles."""
        self._iam.create_user(UserName=name)
        self._iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=_policy(Resource=roles or "*"))
        made = self._iam.create_access_key(UserName=name)["AccessKey"]
        return Key(made["AccessKeyId"], made["SecretAccessKey"], f"user/{name}")

    def role(self, name: str, trusted: str, *roles: str, external_id: str = "") -> str:
        """Make a role that trusts that ARN and may assume those roles, and return its ARN."""
        wanted = {"Condition": {"StringEquals": {"sts:ExternalId": external_id}}} if external_id else {}
        trust = _policy(Principal={"AWS": trusted}, **wanted)
        arn = self._iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        self._iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=_policy(Resource=roles or "*"))
        return str(arn)

    @contextmanager
    def strict(self) -> Iterator[None]:
        """Have it verify signatures and policies; it does neither for AssumeRoleWithWebIdentity."""
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

    @cached_property
    def _iam(self) -> Any:  # noqa: ANN401  # botocore has no types
        from botocore.session import Session

        return Session().create_client(
            "iam",
            region_name="us-east-1",
            endpoint_url=str(self.http.base_url),
            verify=str(self.ca),
            aws_access_key_id="the-tests",
            aws_secret_access_key="themselves",
        )


@contextmanager
def serving(authority: Authority, folder: Path, *names: str) -> Iterator[Moto]:
    """Serve from ``folder`` until the block ends, with a certificate for ``names`` and localhost."""
    certificate, key = authority.issue("localhost", *names).write(folder)
    libraries = requirement.folder(LIBRARIES, "make .venv/.installed-dev")
    program = [sys.executable, "-S", "-m", "moto.server", "-p", "0", "-c", str(certificate), "-k", str(key)]
    environ = {"PYTHONPATH": str(libraries), "HOME": str(folder), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(program, env=environ, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield from _reached(_port(process), authority, folder)
        finally:
            process.terminate()


def _reached(port: int, authority: Authority, folder: Path) -> Iterator[Moto]:
    trust = ssl.create_default_context(cadata=authority.pem)
    with httpx.Client(base_url=f"https://localhost:{port}", verify=trust, trust_env=False) as http:
        yield Moto(port, http, authority.write(folder))


def _port(process: subprocess.Popen[str]) -> int:
    """Return the port that the system chose; werkzeug names it once it listens there."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if found := re.search(r"Running on https://127\.0\.0\.1:(\d+)", line):
            return int(found[1])
    raise RuntimeError(f"moto's server does not start:\n{said}")


def _policy(**said: object) -> str:
    statement: Mapping[str, object] = {"Effect": "Allow", "Action": "sts:AssumeRole", **said}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})
