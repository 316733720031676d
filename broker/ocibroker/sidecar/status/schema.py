"""The JSON schema of ``/status.json``, made of the type that it is written by."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

import msgspec

from ocibroker.api.status import Status


def schema() -> dict[str, Any]:
    """Return the schema (https://json-schema.org/draft/2020-12)."""
    made = msgspec.json.schema(Status)
    described = {name: {**one, "description": _text(one)} for name, one in sorted(made["$defs"].items())}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": made["$ref"], "$defs": described}


def text() -> str:
    """Return the schema as it is kept in ``docs/status.schema.json``."""
    return msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode() + "\n"


def _text(one: dict[str, Any]) -> str:
    return cleandoc(one["description"]).replace("``", "`")
