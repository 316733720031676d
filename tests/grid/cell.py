"""One cell of the grid, and the outcome that it must have.

The founding failure (fleet#3782) was one cell: no transport handed over, no CA, a credential.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ocibroker.errors import OcibrokerError, TLSConfigurationError, TLSFailed, TransportRefused
from tests.grid.servers import Auth, Trust

Handed = Literal["nothing", "marked", "marked-none", "unmarked"]
CA = Literal["none", "good", "missing", "empty", "garbage", "der", "joined", "wrong"]

HANDED: tuple[Handed, ...] = ("nothing", "marked", "marked-none", "unmarked")
AUTHORITIES: tuple[CA, ...] = ("none", "good", "missing", "empty", "garbage", "der", "joined", "wrong")
AUTHS: tuple[Auth, ...] = ("none", "basic", "token")

UNREADABLE = {"missing": "cannot be read", "empty": "is empty", "garbage": "no PEM certificate", "der": "is DER"}


@dataclass(frozen=True)
class Refusal:
    """A typed error, at the step that raises it, with words that name the culprit."""

    step: Literal["configuration", "access", "request"]
    error: type[OcibrokerError]
    words: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    handed: Handed
    ca: CA
    insecure: bool
    plain: bool
    auth: Auth

    def __str__(self) -> str:
        flags = "".join(f",{name}" for name in ("insecure", "plain") if getattr(self, name))
        return f"{self.handed},ca={self.ca}{flags},credential={self.auth}"

    @property
    def trust(self) -> Trust:
        """Which server it talks to: one of the system's roots only where no CA and no weakening is configured."""
        if self.plain:
            return "plain"
        return "system" if self.ca == "none" and not self.insecure else "private"

    @property
    def refusal(self) -> Refusal | None:
        """The typed error that it must end with; none for an access."""
        return self._configuration() or self._handed() or self._files() or self._handshake()

    def _configuration(self) -> Refusal | None:
        weakened = [name for name, on in (("insecure", self.insecure), ("plain_http", self.plain)) if on]
        others = ["ca"] if self.ca != "none" else []
        if not weakened or len(weakened) + len(others) < 2:
            return None
        return Refusal("configuration", TLSConfigurationError, ("contradict each other", "tls[0]"))

    def _handed(self) -> Refusal | None:
        if self.handed == "marked-none":
            return Refusal("access", TransportRefused, ("CallerTransport(None)",))
        if self.handed == "unmarked":
            return Refusal("access", TransportRefused, ("httpx.HTTPTransport", "CallerTransport(transport)"))
        return None

    def _files(self) -> Refusal | None:
        if self.ca in UNREADABLE:
            return Refusal("access", TLSConfigurationError, (f"{self.ca}.pem", "localhost", UNREADABLE[self.ca]))
        return None

    def _handshake(self) -> Refusal | None:
        if self.ca == "wrong" and self.handed == "nothing":
            return Refusal("request", TLSFailed, ("https://localhost", "TLS by the broker", "[[tls]]"))
        return None


def cells() -> Iterator[Cell]:
    for choice in itertools.product(HANDED, AUTHORITIES, (False, True), (False, True), AUTHS):
        yield Cell(*choice)
