"""What is sealed opens in its place, by one of the keys, and is nothing to anybody else."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker import Secret
from ocibroker.cache.redis.envelope import EXPIRY, Envelope
from ocibroker.encryption_key import EncryptionKey
from ocibroker.errors import IntegrityError

OLD, NEW = (EncryptionKey(Secret(base64.b64encode(bytes([octet]) * 32).decode())) for octet in (1, 2))
NOW = 1_767_225_600_000


@given(st.binary(min_size=1, max_size=2000), st.integers(0, 10**15), st.text(max_size=100))
def test_what_is_sealed_opens_again_and_tells_its_end(entry: bytes, expiry: int, key: str) -> None:
    envelope = Envelope([NEW], "team-a")
    (name,) = envelope.names(key)
    value = envelope.seal(name, expiry, entry)
    assert int(value[EXPIRY]) == expiry
    assert Envelope([NEW], "team-a").open(name, value) == entry
    assert len(entry) < 16 or entry not in value
    assert envelope.seal(name, expiry, entry) != value


@given(st.binary(max_size=200))
def test_anything_else_does_not_open(value: bytes) -> None:
    with pytest.raises(IntegrityError):
        Envelope([NEW, OLD], "team-a").open("name", value)


def test_it_opens_in_its_place_only() -> None:
    envelope, other = Envelope([NEW], "team-a"), Envelope([NEW], "team-b")
    ((name,), (another,)) = envelope.names("a"), envelope.names("b")
    value = envelope.seal(name, NOW, b"an entry")
    later = value[:17] + b"%016d" % (NOW + 1) + value[33:]
    for opener, place, what in ((envelope, another, value), (other, name, value), (envelope, name, later)):
        with pytest.raises(IntegrityError):
            opener.open(place, what)


def test_the_previous_key_opens_and_does_not_seal() -> None:
    both = Envelope([NEW, OLD], "team-a")
    new, old = both.names("a")
    assert Envelope([OLD], "team-a").names("a") == (old,)
    assert both.open(old, Envelope([OLD], "team-a").seal(old, NOW, b"an entry")) == b"an entry"
    with pytest.raises(IntegrityError):
        Envelope([OLD], "team-a").open(new, both.seal(new, NOW, b"an entry"))
    with pytest.raises(IntegrityError):
        Envelope([NEW], "team-a").open(old, Envelope([OLD], "team-a").seal(old, NOW, b"an entry"))
