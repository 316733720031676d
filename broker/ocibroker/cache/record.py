"""An entry as bytes: what a store keeps, and what of it is believed again."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final, Literal

import msgspec

from ocibroker.cache.entry import Entry
from ocibroker.cache.moment import Moment
from ocibroker.credential import Anonymous, Basic, Bearer, Credential, IdentityToken, kind
from ocibroker.errors import InvalidValue
from ocibroker.json_answer import JsonAnswer
from ocibroker.secret import Secret

VERSION: Final = 1
"""Raised whenever a record's meaning changes; another version is a miss."""

LARGEST: Final = 256 * 1024
"""Bytes."""


class Record(JsonAnswer, kw_only=True):
    """What is written. ``boot`` counts only under the same ``boot_id``: no two starts of a machine begin alike."""

    version: int
    key: str
    provider: str
    kind: Literal["basic", "identity_token", "bearer"]
    username: str
    secret: str
    issued_at: datetime | None
    expires_at: datetime
    at: datetime
    boot: float
    boot_id: str
    share: float

    @property
    def dated(self) -> bool:
        """Whether its moments have a time zone."""
        return all(one is None or one.tzinfo is not None for one in (self.issued_at, self.expires_at, self.at))

    def moment(self, now: Moment, boot_id: str) -> Moment | None:
        """Return when it was got; none for a moment that lies ahead, where no clock tells how old it is."""
        if boot_id and self.boot_id == boot_id:
            return Moment(self.at, self.boot)
        age = (now.wall - self.at).total_seconds()
        return Moment(self.at, now.boot - age) if age >= 0 else None


def dump(key: str, entry: Entry, provider: str, boot_id: str) -> bytes | None:
    """Return ``entry`` as bytes with their checksum in front; none for one that does not expire."""
    credential = entry.answer
    if isinstance(credential, Anonymous) or credential.expires_at is None:
        return None
    record = Record(
        version=VERSION,
        key=key,
        provider=provider,
        kind=kind(credential),  # type: ignore[arg-type]  # anonymous is out already
        username="" if isinstance(credential, Bearer) else credential.username,
        secret=credential.secret.reveal(),
        issued_at=credential.issued_at,
        expires_at=credential.expires_at,
        at=entry.at.wall,
        boot=entry.at.boot,
        boot_id=boot_id,
        share=entry.share,
    )
    body = msgspec.json.encode(record)
    return _sum(body) + body


def parse(data: bytes) -> Record | None:
    """Return the record in ``data``; none where it is not whole, or of another version."""
    told, body = data[:64], data[64:]
    record = Record.read(body) if len(data) <= LARGEST and told == _sum(body) else None
    return record if record and record.version == VERSION and record.dated else None


def load(data: bytes, key: str, now: Moment, boot_id: str) -> Entry | None:
    """Return the entry of ``key`` in ``data``; none where it is none, or another's."""
    record = parse(data)
    if record is None or record.key != key or not 0 < record.share < 1:
        return None
    credential, at = _credential(record), record.moment(now, boot_id)
    if credential is None or at is None:
        return None
    return Entry(answer=credential, at=at, share=record.share)


def _credential(record: Record) -> Credential | None:
    try:
        secret = Secret(record.secret)
        dates = {"issued_at": record.issued_at, "expires_at": record.expires_at}
        match record.kind:
            case "basic":
                return Basic(username=record.username, secret=secret, **dates)
            case "identity_token":
                return IdentityToken(username=record.username, secret=secret, **dates)
            case "bearer":
                return Bearer(secret=secret, **dates)
    except InvalidValue:
        return None


def _sum(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()
