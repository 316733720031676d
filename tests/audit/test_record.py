"""The manual has every field of a record and every value of its words, and no other."""

from __future__ import annotations

import re
from typing import get_args

import msgspec
import pytest

from ocibroker.audit import AuditEvent, AuditOutcome, AuditRecord, Claimed
from tests.docs.manual import ROOT, section

ROWS = {
    tuple(re.findall(r"`(\w+)`", cells[1])): cells[2]
    for line in section(ROOT / "docs" / "audit.md", "## A record").splitlines()
    if (cells := line.split("|"))[1:] and cells[1].startswith(" `")
}


def fields(kind: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(kind)}


def test_every_field_is_documented_and_no_other() -> None:
    assert {name for names in ROWS for name in names} == fields(AuditRecord)


def test_every_claim_is_documented_and_no_other() -> None:
    assert set(re.findall(r"`(\w+)`", ROWS["claimed",])) == fields(Claimed)


@pytest.mark.parametrize(("name", "words"), [("event", AuditEvent), ("outcome", AuditOutcome)])
def test_every_word_is_documented_and_no_other(name: str, words: object) -> None:
    assert set(re.findall(r"`(\w+)`", ROWS[name,])) == set(get_args(words))
