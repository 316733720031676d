"""Digests: of registered algorithms only, written in one way (OCI image specification 1.1, descriptor.md)."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocibroker.errors import InvalidValue
from ocibroker.oci.digest import Digest

SHA256 = f"sha256:{'0123456789abcdef' * 4}"
SHA512 = f"sha512:{'0123456789abcdef' * 8}"
# What the specification takes, "Registered algorithms".
PUBLISHED = re.compile(r"sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}")

# Each with a word of the reason.
BAD = {
    "is not algorithm:digits": (
        "",
        ":",
        "sha256",
        "sha256:",
        ":0123",
        SHA256[7:],
        f" {SHA256}",
        f"{SHA256}\n",
        f"{SHA256}:1",
        f"SHA256:{'0' * 64}",
        f"sha256+:{'0' * 64}",
        f"+sha256:{'0' * 64}",
        f"sha256..b:{'0' * 64}",
        f"sha256:{chr(0xFF10) * 64}",
        f"sha256:{'0' * 63}/",
        f"sha256:{'0' * 999}",
    ),
    "is not as long": (
        SHA256[:-1],
        f"{SHA256}0",
        f"sha256:{'A' * 64}",
        f"sha256:{'g' * 64}",
        f"sha256:{'=' * 64}",
        f"sha256:{SHA512[7:]}",
        f"sha512:{SHA256[7:]}",
        f"sha512:{'F' * 128}",
    ),
    "cannot be verified": (
        f"md5:{'0' * 32}",
        f"sha1:{'0' * 40}",
        f"sha384:{'0' * 96}",
        f"blake3:{'0' * 64}",
        # Examples of the specification.
        "multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
        "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564",
    ),
}


@pytest.mark.parametrize(("why", "text"), [(why, text) for why, texts in BAD.items() for text in texts], ids=ascii)
def test_what_is_no_digest_is_refused_with_a_reason(why: str, text: str) -> None:
    with pytest.raises(InvalidValue, match=why) as caught:
        Digest.parse(text)
    assert caught.value.culprit.startswith("digest ")
    assert caught.value.hint


@pytest.mark.parametrize(("algorithm", "encoded"), [("md5", "0" * 32), ("sha256", "0" * 63), ("sha256", "A" * 64)])
def test_a_digest_is_valid_at_birth(algorithm: str, encoded: str) -> None:
    with pytest.raises(InvalidValue):
        Digest(algorithm, encoded)


@pytest.mark.parametrize("text", [SHA256, SHA512])
def test_a_digest_verifies_content(text: str) -> None:
    digest = Digest.parse(text)
    assert str(digest) == text
    assert digest.of(b"x") == Digest(digest.algorithm, hashlib.new(digest.algorithm, b"x").hexdigest())
    assert digest.hasher().name == digest.algorithm


def test_content_has_a_digest_by_the_algorithm_that_everybody_uses() -> None:
    assert str(Digest.sha256(b"x")) == f"sha256:{hashlib.sha256(b'x').hexdigest()}"


@given(st.one_of(st.text(st.characters(exclude_categories=[])), st.from_regex(PUBLISHED)))
def test_any_text_is_a_digest_of_the_specification_or_refused_as_none(text: str) -> None:
    try:
        found = Digest.parse(text)
    except InvalidValue:
        assert not PUBLISHED.fullmatch(text)
    else:
        assert PUBLISHED.fullmatch(text)
        assert str(found) == text
