"""A Distribution token server: a :class:`TokenIssuer` behind HTTPS on loopback."""

import json
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from tests.e2e.authority import Authority
from tests.e2e.request_log import Parameters, RecordedRequest, RequestLog
from tests.e2e.token_issuer import Answer, TokenIssuer

NAMES: Final = ("token.test", "localhost", "127.0.0.1")
_PATH: Final = "/token"


@dataclass(frozen=True)
class TokenServer:
    """A running token server."""

    port: int
    issuer: TokenIssuer
    log: RequestLog

    @property
    def realm(self) -> str:
        """The URL that a registry's challenge names; on another host than the registry's."""
        return f"https://{NAMES[0]}:{self.port}{_PATH}"


@contextmanager
def serving(authority: Authority, issuer: TokenIssuer) -> Iterator[TokenServer]:
    """Serve until the block ends."""
    context = authority.issue(*NAMES).server_context()
    with _Listener(context, issuer, RequestLog()) as listener:
        thread = Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield TokenServer(listener.server_port, issuer, listener.log)
        finally:
            listener.shutdown()
            thread.join()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext, issuer: TokenIssuer, log: RequestLog) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.context, self.issuer, self.log = context, issuer, log

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 (socketserver's types)
        # Here and not around the listening socket: a slow handshake must hold up its own thread only.
        request.settimeout(_Conversation.timeout)
        with self.context.wrap_socket(request, server_side=True) as connection:
            super().finish_request(connection, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 (socketserver's types)
        # A client that refuses our certificate, or hangs up, is a test's subject and not this server's fault.
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 10.0
    server: _Listener

    def do_GET(self) -> None:
        url = self._recorded({})
        authorization = self.headers.get("Authorization")
        self._answer(url, self.server.issuer.get(parse_qs(url.query), authorization))

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())
        self._answer(self._recorded(form), self.server.issuer.post(form))

    def _recorded(self, form: Parameters) -> SplitResult:
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.log.record(RecordedRequest(self.command, url.path, parse_qs(url.query), headers, form))
        return url

    def _answer(self, url: SplitResult, answer: Answer) -> None:
        self._write(answer if url.path == _PATH else Answer(404, {"error": "not_found"}))

    def _write(self, answer: Answer) -> None:
        body = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name that the library chose)
        """Say nothing: the request log has it all."""
