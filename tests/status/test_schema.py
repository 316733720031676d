"""The schema that is kept is that of the code, and what is sent follows it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ocibroker.api.status import Status
from ocibroker.sidecar.status.schema import schema, text
from tests.docs.manual import ROOT
from tests.status import samples

KEPT = ROOT / "docs" / "status.schema.json"
MADE = "from ocibroker.sidecar.status.schema import text; print(text(), end='')"
CASES = [samples.status(), samples.status(samples.targets(12)), *map(samples.hostile, samples.HOSTILE)]


def test_the_schema_that_is_kept_is_that_of_the_code() -> None:
    assert KEPT.read_text() == text(), f"python -c {MADE!r} > docs/status.schema.json"


@pytest.mark.parametrize("status", CASES)
def test_what_is_sent_is_read_as_it_was_meant(status: Status) -> None:
    assert msgspec.json.decode(msgspec.json.encode(status), type=Status) == status


def test_every_field_is_in_the_schema() -> None:
    defs: dict[str, Any] = schema()["$defs"]
    sent = msgspec.to_builtins(samples.status(samples.targets(12)))
    assert sent.keys() == defs["Status"]["properties"].keys()
    assert sent["targets"][0].keys() == defs["TargetStatus"]["properties"].keys()
    assert set(defs["Status"]["required"]) == sent.keys()
