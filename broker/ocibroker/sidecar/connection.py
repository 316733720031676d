"""One connection: uvicorn's HTTP/1.1, with the caller beside every request, and with limits on all that it does."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from enum import Enum
from http import HTTPStatus
from typing import Final

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from ocibroker.sidecar.certificate_names import names_in
from ocibroker.sidecar.crowd import Crowd
from ocibroker.sidecar.denial import Denied
from ocibroker.sidecar.door import Door
from ocibroker.sidecar.gate import Application
from ocibroker.sidecar.limits import Limits
from ocibroker.sidecar.peer import Peer
from ocibroker.sidecar.repeats import Repeat

LOG: Final = logging.getLogger("ocibroker.sidecar.http")


class Doing(Enum):
    """What a connection is at, as far as its caller is concerned."""

    NEW = "nothing has come yet"
    HEADER = "a header is coming"
    BODY = "a body is coming"
    ANSWER = "the answer is being made"
    IDLE = "nothing has come since the last answer"


class Connection(HttpToolsProtocol):
    """A guest of ``crowd``, by the key of who was known on acceptance.

    What is no HTTP, or too large, is answered with its status once, and the connection closed; of a second request
    before the first is answered, the first is answered. Who does not keep the time is closed without an answer.
    """

    def __init__(
        self,
        config: Config,
        state: ServerState,
        *,
        door: Door,
        peer: Peer,
        crowd: Crowd,
        limits: Limits,
        denied: Denied,
        repeat: Repeat,
    ) -> None:
        super().__init__(config, state, {"listener": door.listener, "peer": peer})
        self.logger, self.access_log = LOG, False
        self.key = peer.key
        self._door, self._peer, self._crowd = door, peer, crowd
        self._entrance, self._certificates = door.entrance, door.entrance.certificates
        self._limits, self._denied, self._repeat = limits, denied, repeat
        self._doing = Doing.NEW
        self._due: float | None = None
        """When what its caller is doing must be done."""
        self._unread: float | None = None
        """When its caller must have read what was sent."""
        self._header_bytes = self._body_bytes = self._raw_bytes = 0
        self._refusal: HTTPStatus | None = None
        self._last = self._dismissed = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.key}: {self._doing.value}>"

    # What the event loop says.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Know the caller by its certificate where it has one, and close where it may not come in."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=64 * 1024)
        self._due = self.loop.time() + self._limits.header
        if self._door.entrance.names is not None:
            self._peer = replace(self._peer, names=names_in(transport.get_extra_info("peercert")))
            self.app_state["peer"] = self._peer
        if not self._is_welcome():
            self._denied(self._door.name, self._peer, "certificate")
            self._dismissed = True
        if self._dismissed:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the crowd."""
        super().connection_lost(exc)
        self._crowd.leave(self)

    def data_received(self, data: bytes) -> None:
        """Read on, unless it was refused already."""
        if self._refusal or self.transport.is_closing():
            return
        if not (self._stays() or self._answering()):
            return
        if self._doing is Doing.NEW or self._doing is Doing.IDLE:
            self._crowd.asks(self)
            self._due = self._due if self._doing is Doing.NEW else self.loop.time() + self._limits.header
            if self._is_repeated(data):
                return
            self._doing, self._raw_bytes = Doing.HEADER, 0
        super().data_received(data)
        if self._doing is Doing.ANSWER and self._raw_bytes == 0 and self.cycle.keep_alive and not self._refusal:
            self.cycle.scope["state"]["request"] = data
        self._raw_bytes += len(data)
        if not self._refusal and self._raw_bytes > self._most_raw_bytes():
            self.refuse(HTTPStatus.BAD_REQUEST)

    def pause_writing(self) -> None:
        """Give the caller time to read."""
        super().pause_writing()
        self._unread = self.loop.time() + self._limits.write

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        self._unread = None

    # What the parser says. An exception ends it, and becomes a refusal.

    def on_message_begin(self) -> None:
        """Begin to count; one at a time."""
        if self._answering():
            raise ValueError("a request before the last is answered")
        self.app_state["listener"] = self._door.listener
        super().on_message_begin()
        self._header_bytes = self._body_bytes = self._raw_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Count."""
        self._count_header(url, b"")
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count, and refuse at once what says that it will be too large."""
        self._count_header(name, value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Have the request answered, if it is one for us."""
        # An absolute URL names a host that the application would not see; an upgrade is to what we do not speak.
        if self.parser.should_upgrade() or not self.url.startswith(b"/"):
            raise ValueError("no request for an origin server")
        super().on_headers_complete()
        self.cycle.keep_alive = self.cycle.keep_alive and not self._last
        self._doing, self._due = Doing.BODY, self.loop.time() + self._limits.body

    def on_body(self, body: bytes) -> None:
        """Count."""
        self._body_bytes += len(body)
        if self._body_bytes > self._limits.body_bytes:
            self._refusal = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            raise ValueError("a body that is too large")
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for the answer, without a limit: the application has its own."""
        super().on_message_complete()
        self._doing, self._due = Doing.ANSWER, None
        if self.cycle.response_complete:
            self._rest()

    # What the answer says.

    def on_response_complete(self) -> None:
        """Refuse what came meanwhile, or rest."""
        if self._refusal:
            self._say(self._refusal)
            return
        super().on_response_complete()
        if self._doing is Doing.ANSWER:
            self._rest()

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser did not understand."""
        self.refuse(self._refusal or HTTPStatus.BAD_REQUEST)

    def refuse(self, status: HTTPStatus) -> None:
        """Answer ``status`` and close; after the answer to the request before, if that is under way."""
        self._refusal = status
        if not self._answering():
            self._say(status)
        elif self._doing is Doing.BODY:
            self._interrupt(status)
        else:
            self._doing, self._due = Doing.ANSWER, None

    # What the server says.

    def check(self, now: float) -> None:
        """Close where the time is over for what its caller is doing."""
        if self.transport is None:  # the handshake has a time of its own
            return
        if not (self._stays() or self._answering()):
            return
        if self._unread is not None and now >= self._unread:
            self.transport.abort()
        elif self.transport.is_closing():
            # What is left to send goes out first, to a caller who reads.
            self._unread = self._unread or now + self._limits.write
        elif self._due is not None and now >= self._due:
            self.transport.abort()

    def shutdown(self) -> None:
        """Answer what is under way, or what a new caller asks at once, and nothing after that."""
        self._last = True
        if self._doing is Doing.IDLE:
            self.transport.close()
        elif self._answering():
            self.cycle.keep_alive = False

    def dismiss(self) -> None:
        """Close at once, also in the middle of an answer."""
        self._dismissed = True
        if self.transport is not None:
            self.transport.abort()

    # Its own.

    def _stays(self) -> bool:
        """Whether its caller may still be here; if not, it is closed, after the answer that is under way."""
        if self._entrance is self._door.entrance:
            return True
        if self._is_welcome():
            self._entrance = self._door.entrance
            return True
        if self._answering():
            self.shutdown()
        else:
            self._denied(self._door.name, self._peer, "uid" if self._door.is_local else "certificate")
            self.dismiss()
        return False

    def _is_repeated(self, request: bytes) -> bool:
        """Answer at once what was answered before; the parser, which is between two requests, sees none of it."""
        if self._last or self.flow.write_paused:
            return False
        answer = self._repeat(self._door.listener, self._peer, request)
        if answer is not None:
            self.transport.write(answer)
            self._rest()
        return answer is not None

    def _is_welcome(self) -> bool:
        return self._certificates is self._door.entrance.certificates and self._door.admits(self._peer)

    def _answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # which uvicorn does not say
        return cycle is not None and not cycle.response_complete

    def _rest(self) -> None:
        self._doing, self._due = Doing.IDLE, self.loop.time() + self._limits.idle
        self._crowd.rests(self)
        if self._last:
            self.transport.close()

    def _count_header(self, name: bytes, value: bytes) -> None:
        self._header_bytes += len(name) + len(value) + 4  # ": " and the end of the line
        if self._header_bytes > self._limits.header_bytes:
            raise ValueError("a header that is too large")
        if name.lower() == b"content-length" and value.isdigit() and int(value) > self._limits.body_bytes:
            self._refusal = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            raise ValueError("a body that will be too large")

    def _most_raw_bytes(self) -> float:
        """Return how much may have come, however it is written: what the parser keeps to itself counts too."""
        if self._doing is Doing.HEADER:
            return self._limits.header_bytes
        return self._limits.header_bytes + self._limits.body_bytes if self._doing is Doing.BODY else float("inf")

    def _interrupt(self, status: HTTPStatus) -> None:
        """Refuse a request whose header was good, and which the application has begun to answer."""
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        if self.cycle.response_started:
            self.transport.abort()
        else:
            self._say(status)

    def _say(self, status: HTTPStatus) -> None:
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode())
        self.transport.close()


def configured(application: Application) -> Config:
    """Return uvicorn's settings: nothing of its own is logged, added to answers or taken from the environment."""
    config = Config(
        application,
        http=Connection,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        workers=1,
        proxy_headers=False,
        forwarded_allow_ips="",
        server_header=False,
        date_header=False,
        timeout_keep_alive=24 * 60 * 60,  # ours counts
    )
    config.load()
    LOG.setLevel(logging.ERROR)  # below that uvicorn has a line for every bad request, which anybody may send
    return config
