"""A private index with one package, for whoever has the account's password."""

from __future__ import annotations

import base64
import hashlib
import io
import ssl
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

from ocibroker.testing import CannedResponse
from ocibroker.testing.request import Request
from tests.e2e.account import Account
from tests.transport.answering_server import AnsweringServer, answering

NAME = "hello-of-the-index"
_STEM = "hello_of_the_index"
_WHEEL = f"{_STEM}-1.0-py3-none-any.whl"


@contextmanager
def serving(account: Account, tls: ssl.SSLContext) -> Iterator[AnsweringServer]:
    """Serve ``/simple/`` (PEP 503) until the block ends."""
    wheel = _wheel()
    link = f'<a href="/files/{_WHEEL}#sha256={hashlib.sha256(wheel).hexdigest()}">{_WHEEL}</a>'
    page = CannedResponse(200, {"content-type": "text/html"}, f"<!DOCTYPE html>{link}".encode())
    pages = {
        f"/simple/{NAME}/": page,
        f"/files/{_WHEEL}": CannedResponse(200, {"content-type": "application/octet-stream"}, wheel),
    }

    def answer(request: Request) -> CannedResponse:
        if request.headers.get("authorization") != account.basic:
            return CannedResponse(401, {"www-authenticate": 'Basic realm="packages"'})
        return pages.get(request.path, CannedResponse(404))

    with answering(answer, tls) as server:
        yield server


def _wheel() -> bytes:
    files = {
        f"{_STEM}.py": 'said = "hello"\n',
        f"{_STEM}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n",
        f"{_STEM}-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{name},sha256={_digest(text)},{len(text)}" for name, text in files.items()]
    record = f"{_STEM}-1.0.dist-info/RECORD"
    page = io.BytesIO()
    with zipfile.ZipFile(page, "w") as archive:
        for name, text in {**files, record: "\n".join([*rows, f"{record},,", ""])}.items():
            archive.writestr(name, text)
    return page.getvalue()


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
