"""Repositories over HTTPS: ``git http-backend``, each behind an account of its own, or open to everybody."""

import os
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.e2e.account import Account
from tests.e2e.requirement import executable
from tests.transport.answering_server import AnsweringServer, answering


@dataclass(frozen=True)
class GitServer:
    """``accounts`` says who may read what lies below the first segment of a path, everybody where it says nothing.

    With ``old`` it knows nothing of the protocol's second version.
    """

    folder: Path
    accounts: Mapping[str, Account]
    old: bool = False

    def create(self, name: str, content: str) -> None:
        """Make a repository whose one commit holds ``README``."""
        work = self.folder / "work" / name
        work.mkdir(parents=True)
        (work / "README").write_text(content)
        for argv in (
            ["init", "--quiet", "--initial-branch=main"],
            ["add", "README"],
            ["-c", "user.name=t", "-c", "user.email=t@t.test", "commit", "--quiet", "--message=first"],
        ):
            subprocess.run([git(), *argv], cwd=work, env={"HOME": str(self.folder)}, check=True)
        self.publish(name, work)

    def publish(self, name: str, work: Path) -> Path:
        """Serve a copy of the repository ``work``, and return where it is."""
        bare = self.folder / "served" / f"{name}.git"
        argv = [git(), "clone", "--quiet", "--bare", str(work), str(bare)]
        subprocess.run(argv, cwd=self.folder, env={"HOME": str(self.folder)}, check=True)
        return bare

    def answer(self, request: Request) -> CannedResponse:
        account = self.accounts.get(request.path.split("/")[1])
        if account and request.headers.get("authorization") != account.basic:
            return CannedResponse(401, {"WWW-Authenticate": 'Basic realm="git"'})
        return self._backend(request)

    def _backend(self, request: Request) -> CannedResponse:
        environ = {
            "PATH": os.defpath,
            "GIT_PROJECT_ROOT": str(self.folder / "served"),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": request.method,
            "PATH_INFO": request.path,
            "QUERY_STRING": request.query_string,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(request.body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": "" if self.old else request.headers.get("git-protocol", ""),
        }
        done = subprocess.run(
            [git(), "http-backend"],
            env=environ,
            input=request.body,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it complains of clients that hang up
            check=False,
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        fields = dict(message_from_bytes(head).items())
        status = int(fields.pop("Status", "200").split()[0])
        return CannedResponse(status, fields, body)


@contextmanager
def serving(server: GitServer, tls: ssl.SSLContext) -> Iterator[AnsweringServer]:
    with answering(server.answer, tls) as running:
        yield running


def git() -> str:
    return executable("git", "apt-get install git")
